-- text equals Øster
((p.`town` IS NOT NULL AND CAST(LOWER(CONVERT(p.`town` USING utf8mb4)) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY)))
-- with []interface {}{"øster"}

-- text equals Øster, case matters
((p.`town` IS NOT NULL AND CAST(CONVERT(p.`town` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY)))
-- with []interface {}{"Øster"}

-- text not_equals Øster
((NOT (p.`town` IS NOT NULL AND CAST(LOWER(CONVERT(p.`town` USING utf8mb4)) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY))))
-- with []interface {}{"øster"}

-- text not_equals Øster, case matters
((NOT (p.`town` IS NOT NULL AND CAST(CONVERT(p.`town` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY))))
-- with []interface {}{"Øster"}

-- text contains Øster
((p.`town` IS NOT NULL AND LOCATE(CAST(CONVERT(? USING utf8mb4) AS BINARY), CAST(LOWER(CONVERT(p.`town` USING utf8mb4)) AS BINARY)) > 0))
-- with []interface {}{"øster"}

-- text contains Øster, case matters
((p.`town` IS NOT NULL AND LOCATE(CAST(CONVERT(? USING utf8mb4) AS BINARY), CAST(CONVERT(p.`town` USING utf8mb4) AS BINARY)) > 0))
-- with []interface {}{"Øster"}

-- text not_contains Øster
((NOT (p.`town` IS NOT NULL AND LOCATE(CAST(CONVERT(? USING utf8mb4) AS BINARY), CAST(LOWER(CONVERT(p.`town` USING utf8mb4)) AS BINARY)) > 0)))
-- with []interface {}{"øster"}

-- text not_contains Øster, case matters
((NOT (p.`town` IS NOT NULL AND LOCATE(CAST(CONVERT(? USING utf8mb4) AS BINARY), CAST(CONVERT(p.`town` USING utf8mb4) AS BINARY)) > 0)))
-- with []interface {}{"Øster"}

-- text begins_with Øster
((p.`town` IS NOT NULL AND LEFT(CAST(LOWER(CONVERT(p.`town` USING utf8mb4)) AS BINARY), ?) = CAST(CONVERT(? USING utf8mb4) AS BINARY)))
-- with []interface {}{6, "øster"}

-- text begins_with Øster, case matters
((p.`town` IS NOT NULL AND LEFT(CAST(CONVERT(p.`town` USING utf8mb4) AS BINARY), ?) = CAST(CONVERT(? USING utf8mb4) AS BINARY)))
-- with []interface {}{6, "Øster"}

-- text ends_with Øster
((p.`town` IS NOT NULL AND RIGHT(CAST(LOWER(CONVERT(p.`town` USING utf8mb4)) AS BINARY), ?) = CAST(CONVERT(? USING utf8mb4) AS BINARY)))
-- with []interface {}{6, "øster"}

-- text ends_with Øster, case matters
((p.`town` IS NOT NULL AND RIGHT(CAST(CONVERT(p.`town` USING utf8mb4) AS BINARY), ?) = CAST(CONVERT(? USING utf8mb4) AS BINARY)))
-- with []interface {}{6, "Øster"}

-- text in_list Øster, Vester
((p.`town` IS NOT NULL AND CAST(LOWER(CONVERT(p.`town` USING utf8mb4)) AS BINARY) IN (CAST(CONVERT(? USING utf8mb4) AS BINARY), CAST(CONVERT(? USING utf8mb4) AS BINARY))))
-- with []interface {}{"øster", "vester"}

-- text in_list Øster, Vester, case matters
((p.`town` IS NOT NULL AND CAST(CONVERT(p.`town` USING utf8mb4) AS BINARY) IN (CAST(CONVERT(? USING utf8mb4) AS BINARY), CAST(CONVERT(? USING utf8mb4) AS BINARY))))
-- with []interface {}{"Øster", "Vester"}

-- text not_in_list Øster, Vester
((NOT (p.`town` IS NOT NULL AND CAST(LOWER(CONVERT(p.`town` USING utf8mb4)) AS BINARY) IN (CAST(CONVERT(? USING utf8mb4) AS BINARY), CAST(CONVERT(? USING utf8mb4) AS BINARY)))))
-- with []interface {}{"øster", "vester"}

-- text not_in_list Øster, Vester, case matters
((NOT (p.`town` IS NOT NULL AND CAST(CONVERT(p.`town` USING utf8mb4) AS BINARY) IN (CAST(CONVERT(? USING utf8mb4) AS BINARY), CAST(CONVERT(? USING utf8mb4) AS BINARY)))))
-- with []interface {}{"Øster", "Vester"}

-- text is_empty
((NOT (p.`town` IS NOT NULL AND CONVERT(p.`town` USING utf8mb4) REGEXP '…')))

-- text is_not_empty
((p.`town` IS NOT NULL AND CONVERT(p.`town` USING utf8mb4) REGEXP '…'))

-- number equals 10
((p.`spent` IS NOT NULL AND p.`spent` = ?))
-- with []interface {}{10}

-- number not_equals 10
((NOT (p.`spent` IS NOT NULL AND p.`spent` = ?)))
-- with []interface {}{10}

-- number less 10
((p.`spent` IS NOT NULL AND p.`spent` < ?))
-- with []interface {}{10}

-- number at_most 10
((p.`spent` IS NOT NULL AND p.`spent` <= ?))
-- with []interface {}{10}

-- number greater 10
((p.`spent` IS NOT NULL AND p.`spent` > ?))
-- with []interface {}{10}

-- number at_least 10
((p.`spent` IS NOT NULL AND p.`spent` >= ?))
-- with []interface {}{10}

-- number between 10, 20.5
(((p.`spent` IS NOT NULL AND p.`spent` >= ?) AND (p.`spent` IS NOT NULL AND p.`spent` <= CAST(? AS DECIMAL(65, 30)))))
-- with []interface {}{10, "20.5"}

-- number is_empty
((NOT (p.`spent` IS NOT NULL)))

-- number is_not_empty
((p.`spent` IS NOT NULL))

-- boolean is_true
((p.`member` IS NOT NULL AND p.`member` = 1))

-- boolean is_false
((p.`member` IS NOT NULL AND p.`member` = 0))

-- boolean is_empty
((NOT (p.`member` IS NOT NULL AND p.`member` IN (0, 1))))

-- boolean is_not_empty
((p.`member` IS NOT NULL AND p.`member` IN (0, 1)))

-- date on 2026-05-01
((p.`born` IS NOT NULL AND p.`born` >= CAST(? AS DATE) AND p.`born` < CAST(? AS DATE)))
-- with []interface {}{"2026-05-01", "2026-05-02"}

-- date before 2026-05-01
((p.`born` IS NOT NULL AND p.`born` >= CAST(? AS DATE) AND p.`born` < CAST(? AS DATE)))
-- with []interface {}{"0001-01-01", "2026-05-01"}

-- date after 2026-05-01
((p.`born` IS NOT NULL AND p.`born` >= CAST(? AS DATE)))
-- with []interface {}{"2026-05-02"}

-- date between 2026-05-01, 2026-05-31
((p.`born` IS NOT NULL AND p.`born` >= CAST(? AS DATE) AND p.`born` < CAST(? AS DATE)))
-- with []interface {}{"2026-05-01", "2026-06-01"}

-- date in_last_days 30
((p.`born` IS NOT NULL AND p.`born` >= CAST(? AS DATE) AND p.`born` < CAST(? AS DATE)))
-- with []interface {}{"2026-05-02", "2026-06-02"}

-- date more_than_days_ago 30
((p.`born` IS NOT NULL AND p.`born` >= CAST(? AS DATE) AND p.`born` < CAST(? AS DATE)))
-- with []interface {}{"0001-01-01", "2026-05-02"}

-- date in_next_days 30
((p.`born` IS NOT NULL AND p.`born` >= CAST(? AS DATE) AND p.`born` < CAST(? AS DATE)))
-- with []interface {}{"2026-06-01", "2026-07-02"}

-- date anniversary_in_days 30
(((p.`born` IS NOT NULL AND p.`born` >= CAST(? AS DATE)) AND (p.`born` IS NOT NULL AND ((MONTH(p.`born`) * 100 + DAYOFMONTH(p.`born`)) BETWEEN ? AND ?))))
-- with []interface {}{"0001-01-01", 601, 701}

-- date is_empty
((NOT (p.`born` IS NOT NULL AND p.`born` >= CAST(? AS DATE))))
-- with []interface {}{"0001-01-01"}

-- date is_not_empty
((p.`born` IS NOT NULL AND p.`born` >= CAST(? AS DATE)))
-- with []interface {}{"0001-01-01"}

-- datetime on 2026-05-01
((p.`seen` IS NOT NULL AND p.`seen` >= CAST(? AS DATETIME) AND p.`seen` < CAST(? AS DATETIME)))
-- with []interface {}{"2026-04-30 22:00:00", "2026-05-01 22:00:00"}

-- datetime before 2026-05-01
((p.`seen` IS NOT NULL AND p.`seen` >= CAST(? AS DATETIME) AND p.`seen` < CAST(? AS DATETIME)))
-- with []interface {}{"0001-01-01", "2026-04-30 22:00:00"}

-- datetime after 2026-05-01
((p.`seen` IS NOT NULL AND p.`seen` >= CAST(? AS DATETIME)))
-- with []interface {}{"2026-05-01 22:00:00"}

-- datetime between 2026-05-01, 2026-05-31
((p.`seen` IS NOT NULL AND p.`seen` >= CAST(? AS DATETIME) AND p.`seen` < CAST(? AS DATETIME)))
-- with []interface {}{"2026-04-30 22:00:00", "2026-05-31 22:00:00"}

-- datetime in_last_days 30
((p.`seen` IS NOT NULL AND p.`seen` >= CAST(? AS DATETIME) AND p.`seen` < CAST(? AS DATETIME)))
-- with []interface {}{"2026-05-01 22:00:00", "2026-06-01 22:00:00"}

-- datetime more_than_days_ago 30
((p.`seen` IS NOT NULL AND p.`seen` >= CAST(? AS DATETIME) AND p.`seen` < CAST(? AS DATETIME)))
-- with []interface {}{"0001-01-01", "2026-05-01 22:00:00"}

-- datetime in_next_days 30
((p.`seen` IS NOT NULL AND p.`seen` >= CAST(? AS DATETIME) AND p.`seen` < CAST(? AS DATETIME)))
-- with []interface {}{"2026-05-31 22:00:00", "2026-07-01 22:00:00"}

-- datetime is_empty
((NOT (p.`seen` IS NOT NULL AND p.`seen` >= CAST(? AS DATETIME))))
-- with []interface {}{"0001-01-01"}

-- datetime is_not_empty
((p.`seen` IS NOT NULL AND p.`seen` >= CAST(? AS DATETIME)))
-- with []interface {}{"0001-01-01"}

-- list has News
((p.`tags` IS NOT NULL AND EXISTS (SELECT 1 FROM JSON_TABLE(p.`tags`, '$[*]' COLUMNS (item LONGTEXT PATH '$')) AS e WHERE CAST(LOWER(CONVERT(e.item USING utf8mb4)) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY))))
-- with []interface {}{"news"}

-- list has News, case matters
((p.`tags` IS NOT NULL AND EXISTS (SELECT 1 FROM JSON_TABLE(p.`tags`, '$[*]' COLUMNS (item LONGTEXT PATH '$')) AS e WHERE CAST(CONVERT(e.item USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY))))
-- with []interface {}{"News"}

-- list has_not News
((NOT (p.`tags` IS NOT NULL AND EXISTS (SELECT 1 FROM JSON_TABLE(p.`tags`, '$[*]' COLUMNS (item LONGTEXT PATH '$')) AS e WHERE CAST(LOWER(CONVERT(e.item USING utf8mb4)) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY)))))
-- with []interface {}{"news"}

-- list has_not News, case matters
((NOT (p.`tags` IS NOT NULL AND EXISTS (SELECT 1 FROM JSON_TABLE(p.`tags`, '$[*]' COLUMNS (item LONGTEXT PATH '$')) AS e WHERE CAST(CONVERT(e.item USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY)))))
-- with []interface {}{"News"}

-- list is_empty
((NOT (p.`tags` IS NOT NULL AND EXISTS (SELECT 1 FROM JSON_TABLE(p.`tags`, '$[*]' COLUMNS (item LONGTEXT PATH '$')) AS e WHERE e.item REGEXP '…'))))

-- list is_not_empty
((p.`tags` IS NOT NULL AND EXISTS (SELECT 1 FROM JSON_TABLE(p.`tags`, '$[*]' COLUMNS (item LONGTEXT PATH '$')) AS e WHERE e.item REGEXP '…')))

-- a fraction
((p.`spent` IS NOT NULL AND p.`spent` = CAST(? AS DECIMAL(65, 30))))
-- with []interface {}{"0.1"}

-- plain letters, case matters
((p.`town` IS NOT NULL AND CAST(CONVERT(p.`town` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY)))
-- with []interface {}{"a'b?"}

-- white space alone
(((p.`town` IS NOT NULL AND CONVERT(p.`town` USING utf8mb4) REGEXP '…') AND (p.`town` IS NOT NULL AND LOCATE(CAST(CONVERT(? USING utf8mb4) AS BINARY), CAST(LOWER(CONVERT(p.`town` USING utf8mb4)) AS BINARY)) > 0)))
-- with []interface {}{" "}

-- an odd name
((NOT (p.`a"b``c]d?` IS NOT NULL AND CONVERT(p.`a"b``c]d?` USING utf8mb4) REGEXP '…')))

-- any of a condition, another segment, none of two
((p.`member` IS NOT NULL AND p.`member` = 1) OR (NOT ((p.`spent` IS NOT NULL))) OR (NOT ((p.`spent` IS NOT NULL AND p.`spent` < ?) OR (p.`member` IS NOT NULL AND p.`member` = 0))))
-- with []interface {}{5}

-- everybody
(1 = 1)

