package erasure

import (
	"context"
	"fmt"

	"github.com/segue-app/segue/internal/database"
)

// CarryOver brings into a restored state the proofs of erasures since, and what keeps those persons out of imports, and returns how
// many proofs came. Whoever is in a restored snapshot leaves it when its source is read again. The list of exclusions must be
// carried over before: where that has another key, the fingerprints would mean nobody.
func CarryOver(ctx context.Context, tx database.Tx, old database.Querier) (came int, err error) {
	var known int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM erasures`).Scan(&known); err != nil {
		return 0, fmt.Errorf("read erasures: %w", err)
	}
	ids, err := database.Column[int64](old.QueryContext(ctx, `SELECT id FROM erasures WHERE id > ? ORDER BY id`, known))
	if err != nil {
		return 0, fmt.Errorf("read the erasures since: %w", err)
	}
	for _, id := range ids {
		e, err := readErasure(ctx, old, id)
		if err != nil {
			return 0, err
		}
		removed := map[string]int{}
		for _, count := range e.Removed {
			removed[count.Place] = count.Number
		}
		added, err := insertErasure(ctx, tx, e, removed)
		if err != nil {
			return 0, err
		}
		raw, err := database.Column[[]byte](old.QueryContext(ctx, `SELECT hash FROM erased_fingerprints WHERE erasure_id = ?`, id))
		if err != nil {
			return 0, fmt.Errorf("read the erasures since: %w", err)
		}
		prints := make([]fingerprint, len(raw))
		for i := range raw {
			copy(prints[i][:], raw[i])
		}
		if err := insertFingerprints(ctx, tx, added, prints); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// ForgetFingerprints drops what kept erased persons out of imports, when the key of the hashes is lost. The proofs stay. It returns of
// how many erasures.
func ForgetFingerprints(ctx context.Context, tx database.Tx) (erasures int, err error) {
	if err := tx.QueryRowContext(ctx, `SELECT count(DISTINCT erasure_id) FROM erased_fingerprints`).Scan(&erasures); err != nil {
		return 0, fmt.Errorf("count erasures: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM erased_fingerprints`); err != nil {
		return 0, fmt.Errorf("drop fingerprints: %w", err)
	}
	return erasures, nil
}
