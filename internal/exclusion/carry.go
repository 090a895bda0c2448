package exclusion

import (
	"context"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/secret"
)

// CarryOver adds to a restored list whom the state before has excluded or erased since, so that nobody is sent again who must not
// be. An erased person may be in a restored snapshot; until the sources are read again, being on the list is what keeps them from
// being sent. It returns how many entries came, and whether
// both lists have the same key: nothing comes out of one with another.
func CarryOver(ctx context.Context, tx database.Tx, old database.Querier, sealer *secret.Sealer, by string, now time.Time) (came int, same bool, err error) {
	ours, err := saltOf(ctx, tx, sealer)
	if err != nil {
		return 0, false, err
	}
	theirs, err := saltOf(ctx, old, sealer)
	if err != nil {
		return 0, false, err
	}
	if ours != theirs || ours == "" {
		return 0, false, nil
	}
	hashes, err := database.Column[[]byte](old.QueryContext(ctx, `SELECT hash FROM excluded_emails`))
	if err != nil {
		return 0, false, fmt.Errorf("read the exclusions since: %w", err)
	}
	erased, err := database.Column[[]byte](old.QueryContext(ctx, `SELECT hash FROM erased_fingerprints`))
	if err != nil {
		return 0, false, fmt.Errorf("read the exclusions since: %w", err)
	}
	domains, err := database.Column[string](old.QueryContext(ctx, `SELECT domain FROM excluded_domains`))
	if err != nil {
		return 0, false, fmt.Errorf("read the exclusions since: %w", err)
	}
	segments, err := database.Column[int64](old.QueryContext(ctx, `SELECT segment_id FROM excluded_segments`))
	if err != nil {
		return 0, false, fmt.Errorf("read the exclusions since: %w", err)
	}
	if len(hashes)+len(erased)+len(domains)+len(segments) == 0 {
		return 0, true, nil
	}
	id, err := insertAddition(ctx, tx, Addition{At: now, By: by})
	if err != nil {
		return 0, false, err
	}
	var counts [3]int
	put := func(which int, statement string, args ...any) error {
		result, err := tx.ExecContext(ctx, statement, args...)
		if err != nil {
			return fmt.Errorf("carry exclusions over: %w", err)
		}
		n, err := result.RowsAffected()
		counts[which] += int(n)
		return err
	}
	for _, hash := range hashes {
		if err := put(0, `INSERT INTO excluded_emails (hash, addition_id) VALUES (?, ?) ON CONFLICT DO NOTHING`, hash, id); err != nil {
			return 0, false, err
		}
	}
	for _, hash := range erased {
		if err := put(0, `INSERT INTO excluded_emails (hash, addition_id) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM erased_fingerprints WHERE hash = ?1)
			ON CONFLICT DO NOTHING`, hash, id); err != nil {
			return 0, false, err
		}
	}
	for _, domain := range domains {
		if err := put(1, `INSERT INTO excluded_domains (domain, addition_id) VALUES (?, ?) ON CONFLICT DO NOTHING`, domain, id); err != nil {
			return 0, false, err
		}
	}
	for _, segment := range segments { // those that were made since are not there
		if err := put(2, `INSERT INTO excluded_segments (segment_id, addition_id) SELECT id, ? FROM segments WHERE id = ? ON CONFLICT DO NOTHING`, id, segment); err != nil {
			return 0, false, err
		}
	}
	if counts == [3]int{} {
		_, err := tx.ExecContext(ctx, `DELETE FROM exclusion_additions WHERE id = ?`, id)
		return 0, true, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE exclusion_additions SET emails = ?, domains = ?, segments = ? WHERE id = ?`, counts[0], counts[1], counts[2], id)
	return counts[0] + counts[1] + counts[2], true, err
}

// KeyOpens reports whether the key of the list's hashes opens; true also when there is none yet.
func KeyOpens(ctx context.Context, q database.Querier, sealer *secret.Sealer) (bool, error) {
	made, err := database.Column[int64](q.QueryContext(ctx, `SELECT id FROM exclusion_salt`))
	if err != nil || len(made) == 0 {
		return true, err
	}
	salt, err := saltOf(ctx, q, sealer)
	return salt != "", err
}

// ForgetHashes empties the list of its addresses, which mean nobody any more when the key of their hashes is lost, and has a new key be
// made. Domains and segments stay. It returns how many addresses there were.
func ForgetHashes(ctx context.Context, tx database.Tx) (addresses int, err error) {
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM excluded_emails`).Scan(&addresses); err != nil {
		return 0, fmt.Errorf("count exclusions: %w", err)
	}
	for _, statement := range []string{`DELETE FROM excluded_emails`, `DELETE FROM exclusion_salt`} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return 0, fmt.Errorf("empty the list of exclusions: %w", err)
		}
	}
	return addresses, nil
}

// saltOf opens the key of a list's hashes; "" when there is none, or it does not open.
func saltOf(ctx context.Context, q database.Querier, sealer *secret.Sealer) (string, error) {
	found, err := database.Column[[]byte](q.QueryContext(ctx, `SELECT sealed FROM exclusion_salt`))
	if err != nil {
		return "", fmt.Errorf("read the key of the exclusion list: %w", err)
	}
	if len(found) == 0 {
		return "", nil
	}
	salt, err := sealer.Open(found[0], saltBinding)
	if err != nil { // sealed with a key that is not at hand: then it is no list of ours
		return "", nil
	}
	return salt.Reveal(), nil
}
