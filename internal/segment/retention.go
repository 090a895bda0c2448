package segment

import (
	"context"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// DropSizes forgets how large segments were before a time; the last size of each stays. It returns how many there were.
func (s *Service) DropSizes(ctx context.Context, before time.Time) (n int, err error) {
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM segment_sizes WHERE at < ? AND at < (SELECT max(later.at) FROM segment_sizes later WHERE later.segment_id = segment_sizes.segment_id)`,
			database.Millis(before))
		if err != nil {
			return fmt.Errorf("drop old sizes: %w", err)
		}
		removed, err := result.RowsAffected()
		n = int(removed)
		return err
	})
	return n, err
}
