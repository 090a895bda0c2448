-- text equals Øster
((p."town" IS NOT NULL AND normalize(lower(normalize(CAST(p."town" AS varchar), NFC)), NFC) = ?))
-- with []interface {}{"øster"}

-- text equals Øster, case matters
((p."town" IS NOT NULL AND normalize(CAST(p."town" AS varchar), NFC) = ?))
-- with []interface {}{"Øster"}

-- text not_equals Øster
((NOT (p."town" IS NOT NULL AND normalize(lower(normalize(CAST(p."town" AS varchar), NFC)), NFC) = ?)))
-- with []interface {}{"øster"}

-- text not_equals Øster, case matters
((NOT (p."town" IS NOT NULL AND normalize(CAST(p."town" AS varchar), NFC) = ?)))
-- with []interface {}{"Øster"}

-- text contains Øster
((p."town" IS NOT NULL AND strpos(normalize(lower(normalize(CAST(p."town" AS varchar), NFC)), NFC), ?) > 0))
-- with []interface {}{"øster"}

-- text contains Øster, case matters
((p."town" IS NOT NULL AND strpos(normalize(CAST(p."town" AS varchar), NFC), ?) > 0))
-- with []interface {}{"Øster"}

-- text not_contains Øster
((NOT (p."town" IS NOT NULL AND strpos(normalize(lower(normalize(CAST(p."town" AS varchar), NFC)), NFC), ?) > 0)))
-- with []interface {}{"øster"}

-- text not_contains Øster, case matters
((NOT (p."town" IS NOT NULL AND strpos(normalize(CAST(p."town" AS varchar), NFC), ?) > 0)))
-- with []interface {}{"Øster"}

-- text begins_with Øster
((p."town" IS NOT NULL AND starts_with(normalize(lower(normalize(CAST(p."town" AS varchar), NFC)), NFC), ?)))
-- with []interface {}{"øster"}

-- text begins_with Øster, case matters
((p."town" IS NOT NULL AND starts_with(normalize(CAST(p."town" AS varchar), NFC), ?)))
-- with []interface {}{"Øster"}

-- text ends_with Øster
((p."town" IS NOT NULL AND substr(normalize(lower(normalize(CAST(p."town" AS varchar), NFC)), NFC), -CAST(? AS bigint)) = ?))
-- with []interface {}{5, "øster"}

-- text ends_with Øster, case matters
((p."town" IS NOT NULL AND substr(normalize(CAST(p."town" AS varchar), NFC), -CAST(? AS bigint)) = ?))
-- with []interface {}{5, "Øster"}

-- text in_list Øster, Vester
((p."town" IS NOT NULL AND normalize(lower(normalize(CAST(p."town" AS varchar), NFC)), NFC) IN (?, ?)))
-- with []interface {}{"øster", "vester"}

-- text in_list Øster, Vester, case matters
((p."town" IS NOT NULL AND normalize(CAST(p."town" AS varchar), NFC) IN (?, ?)))
-- with []interface {}{"Øster", "Vester"}

-- text not_in_list Øster, Vester
((NOT (p."town" IS NOT NULL AND normalize(lower(normalize(CAST(p."town" AS varchar), NFC)), NFC) IN (?, ?))))
-- with []interface {}{"øster", "vester"}

-- text not_in_list Øster, Vester, case matters
((NOT (p."town" IS NOT NULL AND normalize(CAST(p."town" AS varchar), NFC) IN (?, ?))))
-- with []interface {}{"Øster", "Vester"}

-- text is_empty
((NOT (p."town" IS NOT NULL AND regexp_like(CAST(p."town" AS varchar), '…'))))

-- text is_not_empty
((p."town" IS NOT NULL AND regexp_like(CAST(p."town" AS varchar), '…')))

-- number equals 10
((p."spent" IS NOT NULL AND p."spent" = CAST(? AS bigint)))
-- with []interface {}{"10"}

-- number not_equals 10
((NOT (p."spent" IS NOT NULL AND p."spent" = CAST(? AS bigint))))
-- with []interface {}{"10"}

-- number less 10
((p."spent" IS NOT NULL AND p."spent" < CAST(? AS bigint) AND is_finite(CAST(p."spent" AS double))))
-- with []interface {}{"10"}

-- number at_most 10
((p."spent" IS NOT NULL AND p."spent" <= CAST(? AS bigint) AND is_finite(CAST(p."spent" AS double))))
-- with []interface {}{"10"}

-- number greater 10
((p."spent" IS NOT NULL AND p."spent" > CAST(? AS bigint) AND is_finite(CAST(p."spent" AS double))))
-- with []interface {}{"10"}

-- number at_least 10
((p."spent" IS NOT NULL AND p."spent" >= CAST(? AS bigint) AND is_finite(CAST(p."spent" AS double))))
-- with []interface {}{"10"}

-- number between 10, 20.5
(((p."spent" IS NOT NULL AND p."spent" >= CAST(? AS bigint) AND is_finite(CAST(p."spent" AS double))) AND (p."spent" IS NOT NULL AND p."spent" <= CAST(? AS double) AND is_finite(CAST(p."spent" AS double)))))
-- with []interface {}{"10", "20.5"}

-- number is_empty
((NOT (p."spent" IS NOT NULL AND is_finite(CAST(p."spent" AS double)))))

-- number is_not_empty
((p."spent" IS NOT NULL AND is_finite(CAST(p."spent" AS double))))

-- boolean is_true
((p."member" IS NOT NULL AND CAST(p."member" AS integer) = 1))

-- boolean is_false
((p."member" IS NOT NULL AND CAST(p."member" AS integer) = 0))

-- boolean is_empty
((NOT (p."member" IS NOT NULL AND CAST(p."member" AS integer) IN (0, 1))))

-- boolean is_not_empty
((p."member" IS NOT NULL AND CAST(p."member" AS integer) IN (0, 1)))

-- date on 2026-05-01
((p."born" IS NOT NULL AND p."born" >= CAST(? AS date) AND p."born" < CAST(? AS date)))
-- with []interface {}{"2026-05-01", "2026-05-02"}

-- date before 2026-05-01
((p."born" IS NOT NULL AND p."born" >= CAST(? AS date) AND p."born" < CAST(? AS date)))
-- with []interface {}{"0001-01-01", "2026-05-01"}

-- date after 2026-05-01
(((p."born" IS NOT NULL AND p."born" >= CAST(? AS date)) AND (p."born" IS NOT NULL AND year(p."born") <= 9999)))
-- with []interface {}{"2026-05-02"}

-- date between 2026-05-01, 2026-05-31
((p."born" IS NOT NULL AND p."born" >= CAST(? AS date) AND p."born" < CAST(? AS date)))
-- with []interface {}{"2026-05-01", "2026-06-01"}

-- date in_last_days 30
((p."born" IS NOT NULL AND p."born" >= CAST(? AS date) AND p."born" < CAST(? AS date)))
-- with []interface {}{"2026-05-02", "2026-06-02"}

-- date more_than_days_ago 30
((p."born" IS NOT NULL AND p."born" >= CAST(? AS date) AND p."born" < CAST(? AS date)))
-- with []interface {}{"0001-01-01", "2026-05-02"}

-- date in_next_days 30
((p."born" IS NOT NULL AND p."born" >= CAST(? AS date) AND p."born" < CAST(? AS date)))
-- with []interface {}{"2026-06-01", "2026-07-02"}

-- date anniversary_in_days 30
((((p."born" IS NOT NULL AND p."born" >= CAST(? AS date)) AND (p."born" IS NOT NULL AND year(p."born") <= 9999)) AND (p."born" IS NOT NULL AND ((month(p."born") * 100 + day(p."born")) BETWEEN CAST(? AS bigint) AND CAST(? AS bigint)))))
-- with []interface {}{"0001-01-01", 601, 701}

-- date is_empty
((NOT ((p."born" IS NOT NULL AND p."born" >= CAST(? AS date)) AND (p."born" IS NOT NULL AND year(p."born") <= 9999))))
-- with []interface {}{"0001-01-01"}

-- date is_not_empty
(((p."born" IS NOT NULL AND p."born" >= CAST(? AS date)) AND (p."born" IS NOT NULL AND year(p."born") <= 9999)))
-- with []interface {}{"0001-01-01"}

-- datetime on 2026-05-01
((p."seen" IS NOT NULL AND p."seen" >= CAST(? AS timestamp(0) with time zone) AND p."seen" < CAST(? AS timestamp(0) with time zone)))
-- with []interface {}{"2026-04-30 22:00:00 UTC", "2026-05-01 22:00:00 UTC"}

-- datetime before 2026-05-01
((p."seen" IS NOT NULL AND p."seen" >= CAST(? AS timestamp(0) with time zone) AND p."seen" < CAST(? AS timestamp(0) with time zone)))
-- with []interface {}{"0001-01-01 00:00:00 UTC", "2026-04-30 22:00:00 UTC"}

-- datetime after 2026-05-01
(((p."seen" IS NOT NULL AND p."seen" >= CAST(? AS timestamp(0) with time zone)) AND (p."seen" IS NOT NULL AND year(p."seen") <= 9999)))
-- with []interface {}{"2026-05-01 22:00:00 UTC"}

-- datetime between 2026-05-01, 2026-05-31
((p."seen" IS NOT NULL AND p."seen" >= CAST(? AS timestamp(0) with time zone) AND p."seen" < CAST(? AS timestamp(0) with time zone)))
-- with []interface {}{"2026-04-30 22:00:00 UTC", "2026-05-31 22:00:00 UTC"}

-- datetime in_last_days 30
((p."seen" IS NOT NULL AND p."seen" >= CAST(? AS timestamp(0) with time zone) AND p."seen" < CAST(? AS timestamp(0) with time zone)))
-- with []interface {}{"2026-05-01 22:00:00 UTC", "2026-06-01 22:00:00 UTC"}

-- datetime more_than_days_ago 30
((p."seen" IS NOT NULL AND p."seen" >= CAST(? AS timestamp(0) with time zone) AND p."seen" < CAST(? AS timestamp(0) with time zone)))
-- with []interface {}{"0001-01-01 00:00:00 UTC", "2026-05-01 22:00:00 UTC"}

-- datetime in_next_days 30
((p."seen" IS NOT NULL AND p."seen" >= CAST(? AS timestamp(0) with time zone) AND p."seen" < CAST(? AS timestamp(0) with time zone)))
-- with []interface {}{"2026-05-31 22:00:00 UTC", "2026-07-01 22:00:00 UTC"}

-- datetime is_empty
((NOT ((p."seen" IS NOT NULL AND p."seen" >= CAST(? AS timestamp(0) with time zone)) AND (p."seen" IS NOT NULL AND year(p."seen") <= 9999))))
-- with []interface {}{"0001-01-01 00:00:00 UTC"}

-- datetime is_not_empty
(((p."seen" IS NOT NULL AND p."seen" >= CAST(? AS timestamp(0) with time zone)) AND (p."seen" IS NOT NULL AND year(p."seen") <= 9999)))
-- with []interface {}{"0001-01-01 00:00:00 UTC"}

-- list has News
(coalesce(any_match(TRY(CAST(CAST(p."tags" AS json) AS array(varchar))), item -> normalize(lower(normalize(CAST(item AS varchar), NFC)), NFC) = ?), false))
-- with []interface {}{"news"}

-- list has News, case matters
(coalesce(any_match(TRY(CAST(CAST(p."tags" AS json) AS array(varchar))), item -> normalize(CAST(item AS varchar), NFC) = ?), false))
-- with []interface {}{"News"}

-- list has_not News
((NOT coalesce(any_match(TRY(CAST(CAST(p."tags" AS json) AS array(varchar))), item -> normalize(lower(normalize(CAST(item AS varchar), NFC)), NFC) = ?), false)))
-- with []interface {}{"news"}

-- list has_not News, case matters
((NOT coalesce(any_match(TRY(CAST(CAST(p."tags" AS json) AS array(varchar))), item -> normalize(CAST(item AS varchar), NFC) = ?), false)))
-- with []interface {}{"News"}

-- list is_empty
((NOT coalesce(any_match(TRY(CAST(CAST(p."tags" AS json) AS array(varchar))), item -> regexp_like(item, '…')), false)))

-- list is_not_empty
(coalesce(any_match(TRY(CAST(CAST(p."tags" AS json) AS array(varchar))), item -> regexp_like(item, '…')), false))

-- a fraction
((p."spent" IS NOT NULL AND p."spent" = CAST(? AS double)))
-- with []interface {}{"0.1"}

-- plain letters, case matters
((p."town" IS NOT NULL AND normalize(CAST(p."town" AS varchar), NFC) = ?))
-- with []interface {}{"a'b?"}

-- white space alone
(((p."town" IS NOT NULL AND regexp_like(CAST(p."town" AS varchar), '…')) AND (p."town" IS NOT NULL AND strpos(normalize(lower(normalize(CAST(p."town" AS varchar), NFC)), NFC), ?) > 0)))
-- with []interface {}{" "}

-- an odd name
((NOT (p."a""b`c]d?" IS NOT NULL AND regexp_like(CAST(p."a""b`c]d?" AS varchar), '…'))))

-- any of a condition, another segment, none of two
((p."member" IS NOT NULL AND CAST(p."member" AS integer) = 1) OR (NOT ((p."spent" IS NOT NULL AND is_finite(CAST(p."spent" AS double))))) OR (NOT ((p."spent" IS NOT NULL AND p."spent" < CAST(? AS bigint) AND is_finite(CAST(p."spent" AS double))) OR (p."member" IS NOT NULL AND CAST(p."member" AS integer) = 0))))
-- with []interface {}{"5"}

-- everybody
(1 = 1)

