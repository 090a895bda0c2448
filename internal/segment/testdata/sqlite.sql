-- text equals Øster
((p."town" IS NOT NULL AND (CASE WHEN octet_length(p."town") = length(p."town") THEN lower(p."town") ELSE segue_fold(p."town") END) = ?))
-- with []interface {}{"øster"}

-- text equals Øster, case matters
((p."town" IS NOT NULL AND (CASE WHEN octet_length(p."town") = length(p."town") THEN p."town" ELSE segue_compose(p."town") END) = ?))
-- with []interface {}{"Øster"}

-- text not_equals Øster
((NOT (p."town" IS NOT NULL AND (CASE WHEN octet_length(p."town") = length(p."town") THEN lower(p."town") ELSE segue_fold(p."town") END) = ?)))
-- with []interface {}{"øster"}

-- text not_equals Øster, case matters
((NOT (p."town" IS NOT NULL AND (CASE WHEN octet_length(p."town") = length(p."town") THEN p."town" ELSE segue_compose(p."town") END) = ?)))
-- with []interface {}{"Øster"}

-- text contains Øster
((p."town" IS NOT NULL AND instr((CASE WHEN octet_length(p."town") = length(p."town") THEN lower(p."town") ELSE segue_fold(p."town") END), ?) > 0))
-- with []interface {}{"øster"}

-- text contains Øster, case matters
((p."town" IS NOT NULL AND instr((CASE WHEN octet_length(p."town") = length(p."town") THEN p."town" ELSE segue_compose(p."town") END), ?) > 0))
-- with []interface {}{"Øster"}

-- text not_contains Øster
((NOT (p."town" IS NOT NULL AND instr((CASE WHEN octet_length(p."town") = length(p."town") THEN lower(p."town") ELSE segue_fold(p."town") END), ?) > 0)))
-- with []interface {}{"øster"}

-- text not_contains Øster, case matters
((NOT (p."town" IS NOT NULL AND instr((CASE WHEN octet_length(p."town") = length(p."town") THEN p."town" ELSE segue_compose(p."town") END), ?) > 0)))
-- with []interface {}{"Øster"}

-- text begins_with Øster
((p."town" IS NOT NULL AND substr((CASE WHEN octet_length(p."town") = length(p."town") THEN lower(p."town") ELSE segue_fold(p."town") END), 1, length(?)) = ?))
-- with []interface {}{"øster", "øster"}

-- text begins_with Øster, case matters
((p."town" IS NOT NULL AND substr((CASE WHEN octet_length(p."town") = length(p."town") THEN p."town" ELSE segue_compose(p."town") END), 1, length(?)) = ?))
-- with []interface {}{"Øster", "Øster"}

-- text ends_with Øster
((p."town" IS NOT NULL AND substr((CASE WHEN octet_length(p."town") = length(p."town") THEN lower(p."town") ELSE segue_fold(p."town") END), -length(?)) = ?))
-- with []interface {}{"øster", "øster"}

-- text ends_with Øster, case matters
((p."town" IS NOT NULL AND substr((CASE WHEN octet_length(p."town") = length(p."town") THEN p."town" ELSE segue_compose(p."town") END), -length(?)) = ?))
-- with []interface {}{"Øster", "Øster"}

-- text in_list Øster, Vester
((p."town" IS NOT NULL AND (CASE WHEN octet_length(p."town") = length(p."town") THEN lower(p."town") ELSE segue_fold(p."town") END) IN (SELECT value FROM json_each(?))))
-- with []interface {}{"[\"øster\",\"vester\"]"}

-- text in_list Øster, Vester, case matters
((p."town" IS NOT NULL AND (CASE WHEN octet_length(p."town") = length(p."town") THEN p."town" ELSE segue_compose(p."town") END) IN (SELECT value FROM json_each(?))))
-- with []interface {}{"[\"Øster\",\"Vester\"]"}

-- text not_in_list Øster, Vester
((NOT (p."town" IS NOT NULL AND (CASE WHEN octet_length(p."town") = length(p."town") THEN lower(p."town") ELSE segue_fold(p."town") END) IN (SELECT value FROM json_each(?)))))
-- with []interface {}{"[\"øster\",\"vester\"]"}

-- text not_in_list Øster, Vester, case matters
((NOT (p."town" IS NOT NULL AND (CASE WHEN octet_length(p."town") = length(p."town") THEN p."town" ELSE segue_compose(p."town") END) IN (SELECT value FROM json_each(?)))))
-- with []interface {}{"[\"Øster\",\"Vester\"]"}

-- text is_empty
((NOT (p."town" IS NOT NULL)))

-- text is_not_empty
((p."town" IS NOT NULL))

-- number equals 10
((p."spent" IS NOT NULL AND p."spent" = ?))
-- with []interface {}{10}

-- number not_equals 10
((NOT (p."spent" IS NOT NULL AND p."spent" = ?)))
-- with []interface {}{10}

-- number less 10
((p."spent" IS NOT NULL AND p."spent" < ?))
-- with []interface {}{10}

-- number at_most 10
((p."spent" IS NOT NULL AND p."spent" <= ?))
-- with []interface {}{10}

-- number greater 10
((p."spent" IS NOT NULL AND p."spent" > ?))
-- with []interface {}{10}

-- number at_least 10
((p."spent" IS NOT NULL AND p."spent" >= ?))
-- with []interface {}{10}

-- number between 10, 20.5
(((p."spent" IS NOT NULL AND p."spent" >= ?) AND (p."spent" IS NOT NULL AND p."spent" <= ?)))
-- with []interface {}{10, 20.5}

-- number is_empty
((NOT (p."spent" IS NOT NULL)))

-- number is_not_empty
((p."spent" IS NOT NULL))

-- boolean is_true
((p."member" IS NOT NULL AND p."member" = 1))

-- boolean is_false
((p."member" IS NOT NULL AND p."member" = 0))

-- boolean is_empty
((NOT (p."member" IS NOT NULL)))

-- boolean is_not_empty
((p."member" IS NOT NULL))

-- date on 2026-05-01
((p."born" IS NOT NULL AND p."born" >= ? AND p."born" < ?))
-- with []interface {}{"2026-05-01", "2026-05-02"}

-- date before 2026-05-01
((p."born" IS NOT NULL AND p."born" < ?))
-- with []interface {}{"2026-05-01"}

-- date after 2026-05-01
((p."born" IS NOT NULL AND p."born" >= ?))
-- with []interface {}{"2026-05-02"}

-- date between 2026-05-01, 2026-05-31
((p."born" IS NOT NULL AND p."born" >= ? AND p."born" < ?))
-- with []interface {}{"2026-05-01", "2026-06-01"}

-- date in_last_days 30
((p."born" IS NOT NULL AND p."born" >= ? AND p."born" < ?))
-- with []interface {}{"2026-05-02", "2026-06-02"}

-- date more_than_days_ago 30
((p."born" IS NOT NULL AND p."born" < ?))
-- with []interface {}{"2026-05-02"}

-- date in_next_days 30
((p."born" IS NOT NULL AND p."born" >= ? AND p."born" < ?))
-- with []interface {}{"2026-06-01", "2026-07-02"}

-- date anniversary_in_days 30
((p."born" IS NOT NULL AND (substr(p."born", 6, 5) BETWEEN ? AND ?)))
-- with []interface {}{"06-01", "07-01"}

-- date is_empty
((NOT (p."born" IS NOT NULL)))

-- date is_not_empty
((p."born" IS NOT NULL))

-- datetime on 2026-05-01
((p."seen" IS NOT NULL AND p."seen" >= ? AND p."seen" < ?))
-- with []interface {}{"2026-04-30T22:00:00Z", "2026-05-01T22:00:00Z"}

-- datetime before 2026-05-01
((p."seen" IS NOT NULL AND p."seen" < ?))
-- with []interface {}{"2026-04-30T22:00:00Z"}

-- datetime after 2026-05-01
((p."seen" IS NOT NULL AND p."seen" >= ?))
-- with []interface {}{"2026-05-01T22:00:00Z"}

-- datetime between 2026-05-01, 2026-05-31
((p."seen" IS NOT NULL AND p."seen" >= ? AND p."seen" < ?))
-- with []interface {}{"2026-04-30T22:00:00Z", "2026-05-31T22:00:00Z"}

-- datetime in_last_days 30
((p."seen" IS NOT NULL AND p."seen" >= ? AND p."seen" < ?))
-- with []interface {}{"2026-05-01T22:00:00Z", "2026-06-01T22:00:00Z"}

-- datetime more_than_days_ago 30
((p."seen" IS NOT NULL AND p."seen" < ?))
-- with []interface {}{"2026-05-01T22:00:00Z"}

-- datetime in_next_days 30
((p."seen" IS NOT NULL AND p."seen" >= ? AND p."seen" < ?))
-- with []interface {}{"2026-05-31T22:00:00Z", "2026-07-01T22:00:00Z"}

-- datetime is_empty
((NOT (p."seen" IS NOT NULL)))

-- datetime is_not_empty
((p."seen" IS NOT NULL))

-- list has News
((p."tags" IS NOT NULL AND CASE WHEN instr(p."tags", '\') = 0 THEN instr(CASE WHEN octet_length(p."tags") = length(p."tags") THEN lower(p."tags") ELSE segue_fold(p."tags") END, ?) > 0 ELSE EXISTS (SELECT 1 FROM json_each(p."tags") WHERE segue_fold(value) = ?) END))
-- with []interface {}{"\"news\"", "news"}

-- list has News, case matters
((p."tags" IS NOT NULL AND CASE WHEN instr(p."tags", '\') = 0 THEN instr(CASE WHEN octet_length(p."tags") = length(p."tags") THEN p."tags" ELSE segue_compose(p."tags") END, ?) > 0 ELSE EXISTS (SELECT 1 FROM json_each(p."tags") WHERE segue_compose(value) = ?) END))
-- with []interface {}{"\"News\"", "News"}

-- list has_not News
((NOT (p."tags" IS NOT NULL AND CASE WHEN instr(p."tags", '\') = 0 THEN instr(CASE WHEN octet_length(p."tags") = length(p."tags") THEN lower(p."tags") ELSE segue_fold(p."tags") END, ?) > 0 ELSE EXISTS (SELECT 1 FROM json_each(p."tags") WHERE segue_fold(value) = ?) END)))
-- with []interface {}{"\"news\"", "news"}

-- list has_not News, case matters
((NOT (p."tags" IS NOT NULL AND CASE WHEN instr(p."tags", '\') = 0 THEN instr(CASE WHEN octet_length(p."tags") = length(p."tags") THEN p."tags" ELSE segue_compose(p."tags") END, ?) > 0 ELSE EXISTS (SELECT 1 FROM json_each(p."tags") WHERE segue_compose(value) = ?) END)))
-- with []interface {}{"\"News\"", "News"}

-- list is_empty
((NOT (p."tags" IS NOT NULL)))

-- list is_not_empty
((p."tags" IS NOT NULL))

-- a fraction
((p."spent" IS NOT NULL AND p."spent" = ?))
-- with []interface {}{0.1}

-- plain letters, case matters
((p."town" IS NOT NULL AND (CASE WHEN octet_length(p."town") = length(p."town") THEN p."town" ELSE segue_compose(p."town") END) = ?))
-- with []interface {}{"a'b?"}

-- white space alone
(((p."town" IS NOT NULL) AND (p."town" IS NOT NULL AND instr((CASE WHEN octet_length(p."town") = length(p."town") THEN lower(p."town") ELSE segue_fold(p."town") END), ?) > 0)))
-- with []interface {}{" "}

-- an odd name
((NOT (p."a""b`c]d?" IS NOT NULL)))

-- any of a condition, another segment, none of two
((p."member" IS NOT NULL AND p."member" = 1) OR (NOT ((p."spent" IS NOT NULL))) OR (NOT ((p."spent" IS NOT NULL AND p."spent" < ?) OR (p."member" IS NOT NULL AND p."member" = 0))))
-- with []interface {}{5}

-- everybody
(1 = 1)

