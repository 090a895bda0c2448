-- text equals Øster
((p."town" IS NOT NULL AND CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN lower(p."town"::text COLLATE "C") WHEN p."town"::text !~ '…' THEN translate(lower(p."town"::text COLLATE "C"), '…', '…') WHEN normalize(p."town"::text, NFC) !~ '…' THEN normalize(p."town"::text, NFC) ELSE normalize(translate(normalize(p."town"::text, NFC), '…', '…'), NFC) END = $1::text))
-- with []interface {}{"øster"}

-- text equals Øster, case matters
((p."town" IS NOT NULL AND CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN p."town"::text COLLATE "C" ELSE normalize(p."town"::text, NFC) COLLATE "C" END = $1::text))
-- with []interface {}{"Øster"}

-- text not_equals Øster
((NOT (p."town" IS NOT NULL AND CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN lower(p."town"::text COLLATE "C") WHEN p."town"::text !~ '…' THEN translate(lower(p."town"::text COLLATE "C"), '…', '…') WHEN normalize(p."town"::text, NFC) !~ '…' THEN normalize(p."town"::text, NFC) ELSE normalize(translate(normalize(p."town"::text, NFC), '…', '…'), NFC) END = $1::text)))
-- with []interface {}{"øster"}

-- text not_equals Øster, case matters
((NOT (p."town" IS NOT NULL AND CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN p."town"::text COLLATE "C" ELSE normalize(p."town"::text, NFC) COLLATE "C" END = $1::text)))
-- with []interface {}{"Øster"}

-- text contains Øster
((p."town" IS NOT NULL AND strpos(CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN lower(p."town"::text COLLATE "C") WHEN p."town"::text !~ '…' THEN translate(lower(p."town"::text COLLATE "C"), '…', '…') WHEN normalize(p."town"::text, NFC) !~ '…' THEN normalize(p."town"::text, NFC) ELSE normalize(translate(normalize(p."town"::text, NFC), '…', '…'), NFC) END, $1::text) > 0))
-- with []interface {}{"øster"}

-- text contains Øster, case matters
((p."town" IS NOT NULL AND strpos(CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN p."town"::text COLLATE "C" ELSE normalize(p."town"::text, NFC) COLLATE "C" END, $1::text) > 0))
-- with []interface {}{"Øster"}

-- text not_contains Øster
((NOT (p."town" IS NOT NULL AND strpos(CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN lower(p."town"::text COLLATE "C") WHEN p."town"::text !~ '…' THEN translate(lower(p."town"::text COLLATE "C"), '…', '…') WHEN normalize(p."town"::text, NFC) !~ '…' THEN normalize(p."town"::text, NFC) ELSE normalize(translate(normalize(p."town"::text, NFC), '…', '…'), NFC) END, $1::text) > 0)))
-- with []interface {}{"øster"}

-- text not_contains Øster, case matters
((NOT (p."town" IS NOT NULL AND strpos(CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN p."town"::text COLLATE "C" ELSE normalize(p."town"::text, NFC) COLLATE "C" END, $1::text) > 0)))
-- with []interface {}{"Øster"}

-- text begins_with Øster
((p."town" IS NOT NULL AND starts_with(CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN lower(p."town"::text COLLATE "C") WHEN p."town"::text !~ '…' THEN translate(lower(p."town"::text COLLATE "C"), '…', '…') WHEN normalize(p."town"::text, NFC) !~ '…' THEN normalize(p."town"::text, NFC) ELSE normalize(translate(normalize(p."town"::text, NFC), '…', '…'), NFC) END, $1::text)))
-- with []interface {}{"øster"}

-- text begins_with Øster, case matters
((p."town" IS NOT NULL AND starts_with(CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN p."town"::text COLLATE "C" ELSE normalize(p."town"::text, NFC) COLLATE "C" END, $1::text)))
-- with []interface {}{"Øster"}

-- text ends_with Øster
((p."town" IS NOT NULL AND right(CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN lower(p."town"::text COLLATE "C") WHEN p."town"::text !~ '…' THEN translate(lower(p."town"::text COLLATE "C"), '…', '…') WHEN normalize(p."town"::text, NFC) !~ '…' THEN normalize(p."town"::text, NFC) ELSE normalize(translate(normalize(p."town"::text, NFC), '…', '…'), NFC) END, $1::int) = $2::text))
-- with []interface {}{5, "øster"}

-- text ends_with Øster, case matters
((p."town" IS NOT NULL AND right(CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN p."town"::text COLLATE "C" ELSE normalize(p."town"::text, NFC) COLLATE "C" END, $1::int) = $2::text))
-- with []interface {}{5, "Øster"}

-- text in_list Øster, Vester
((p."town" IS NOT NULL AND CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN lower(p."town"::text COLLATE "C") WHEN p."town"::text !~ '…' THEN translate(lower(p."town"::text COLLATE "C"), '…', '…') WHEN normalize(p."town"::text, NFC) !~ '…' THEN normalize(p."town"::text, NFC) ELSE normalize(translate(normalize(p."town"::text, NFC), '…', '…'), NFC) END = ANY ($1::text[])))
-- with []interface {}{[]string{"øster", "vester"}}

-- text in_list Øster, Vester, case matters
((p."town" IS NOT NULL AND CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN p."town"::text COLLATE "C" ELSE normalize(p."town"::text, NFC) COLLATE "C" END = ANY ($1::text[])))
-- with []interface {}{[]string{"Øster", "Vester"}}

-- text not_in_list Øster, Vester
((NOT (p."town" IS NOT NULL AND CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN lower(p."town"::text COLLATE "C") WHEN p."town"::text !~ '…' THEN translate(lower(p."town"::text COLLATE "C"), '…', '…') WHEN normalize(p."town"::text, NFC) !~ '…' THEN normalize(p."town"::text, NFC) ELSE normalize(translate(normalize(p."town"::text, NFC), '…', '…'), NFC) END = ANY ($1::text[]))))
-- with []interface {}{[]string{"øster", "vester"}}

-- text not_in_list Øster, Vester, case matters
((NOT (p."town" IS NOT NULL AND CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN p."town"::text COLLATE "C" ELSE normalize(p."town"::text, NFC) COLLATE "C" END = ANY ($1::text[]))))
-- with []interface {}{[]string{"Øster", "Vester"}}

-- text is_empty
((NOT (p."town" IS NOT NULL AND btrim(p."town"::text, '…') COLLATE "C" <> '')))

-- text is_not_empty
((p."town" IS NOT NULL AND btrim(p."town"::text, '…') COLLATE "C" <> ''))

-- number equals 10
((p."spent" IS NOT NULL AND p."spent" = $1::bigint))
-- with []interface {}{10}

-- number not_equals 10
((NOT (p."spent" IS NOT NULL AND p."spent" = $1::bigint)))
-- with []interface {}{10}

-- number less 10
((p."spent" IS NOT NULL AND p."spent" < $1::bigint AND p."spent"::text NOT IN ('NaN', 'Infinity', '-Infinity')))
-- with []interface {}{10}

-- number at_most 10
((p."spent" IS NOT NULL AND p."spent" <= $1::bigint AND p."spent"::text NOT IN ('NaN', 'Infinity', '-Infinity')))
-- with []interface {}{10}

-- number greater 10
((p."spent" IS NOT NULL AND p."spent" > $1::bigint AND p."spent"::text NOT IN ('NaN', 'Infinity', '-Infinity')))
-- with []interface {}{10}

-- number at_least 10
((p."spent" IS NOT NULL AND p."spent" >= $1::bigint AND p."spent"::text NOT IN ('NaN', 'Infinity', '-Infinity')))
-- with []interface {}{10}

-- number between 10, 20.5
(((p."spent" IS NOT NULL AND p."spent" >= $1::bigint AND p."spent"::text NOT IN ('NaN', 'Infinity', '-Infinity')) AND (p."spent" IS NOT NULL AND CASE WHEN p."spent"::text NOT IN ('NaN', 'Infinity', '-Infinity') THEN p."spent"::text::numeric <= $2::numeric ELSE false END)))
-- with []interface {}{10, "20.5"}

-- number is_empty
((NOT (p."spent" IS NOT NULL AND p."spent"::text NOT IN ('NaN', 'Infinity', '-Infinity'))))

-- number is_not_empty
((p."spent" IS NOT NULL AND p."spent"::text NOT IN ('NaN', 'Infinity', '-Infinity')))

-- boolean is_true
((p."member" IS NOT NULL AND p."member"::int = 1))

-- boolean is_false
((p."member" IS NOT NULL AND p."member"::int = 0))

-- boolean is_empty
((NOT (p."member" IS NOT NULL AND p."member"::int IN (0, 1))))

-- boolean is_not_empty
((p."member" IS NOT NULL AND p."member"::int IN (0, 1)))

-- date on 2026-05-01
((p."born" IS NOT NULL AND p."born" >= $1::date AND p."born" < $2::date))
-- with []interface {}{"2026-05-01", "2026-05-02"}

-- date before 2026-05-01
((p."born" IS NOT NULL AND p."born" >= $1::date AND p."born" < $2::date))
-- with []interface {}{"0001-01-01", "2026-05-01"}

-- date after 2026-05-01
((p."born" IS NOT NULL AND p."born" >= $1::date AND p."born" < $2::date))
-- with []interface {}{"2026-05-02", "10000-01-01"}

-- date between 2026-05-01, 2026-05-31
((p."born" IS NOT NULL AND p."born" >= $1::date AND p."born" < $2::date))
-- with []interface {}{"2026-05-01", "2026-06-01"}

-- date in_last_days 30
((p."born" IS NOT NULL AND p."born" >= $1::date AND p."born" < $2::date))
-- with []interface {}{"2026-05-02", "2026-06-02"}

-- date more_than_days_ago 30
((p."born" IS NOT NULL AND p."born" >= $1::date AND p."born" < $2::date))
-- with []interface {}{"0001-01-01", "2026-05-02"}

-- date in_next_days 30
((p."born" IS NOT NULL AND p."born" >= $1::date AND p."born" < $2::date))
-- with []interface {}{"2026-06-01", "2026-07-02"}

-- date anniversary_in_days 30
(((p."born" IS NOT NULL AND p."born" >= $1::date AND p."born" < $2::date) AND (p."born" IS NOT NULL AND ((extract(month FROM p."born") * 100 + extract(day FROM p."born")) BETWEEN $3::int AND $4::int))))
-- with []interface {}{"0001-01-01", "10000-01-01", 601, 701}

-- date is_empty
((NOT (p."born" IS NOT NULL AND p."born" >= $1::date AND p."born" < $2::date)))
-- with []interface {}{"0001-01-01", "10000-01-01"}

-- date is_not_empty
((p."born" IS NOT NULL AND p."born" >= $1::date AND p."born" < $2::date))
-- with []interface {}{"0001-01-01", "10000-01-01"}

-- datetime on 2026-05-01
((p."seen" IS NOT NULL AND p."seen" >= $1::timestamptz AND p."seen" < $2::timestamptz))
-- with []interface {}{"2026-04-30T22:00:00Z", "2026-05-01T22:00:00Z"}

-- datetime before 2026-05-01
((p."seen" IS NOT NULL AND p."seen" >= $1::timestamptz AND p."seen" < $2::timestamptz))
-- with []interface {}{"0001-01-01", "2026-04-30T22:00:00Z"}

-- datetime after 2026-05-01
((p."seen" IS NOT NULL AND p."seen" >= $1::timestamptz AND p."seen" < $2::timestamptz))
-- with []interface {}{"2026-05-01T22:00:00Z", "10000-01-01"}

-- datetime between 2026-05-01, 2026-05-31
((p."seen" IS NOT NULL AND p."seen" >= $1::timestamptz AND p."seen" < $2::timestamptz))
-- with []interface {}{"2026-04-30T22:00:00Z", "2026-05-31T22:00:00Z"}

-- datetime in_last_days 30
((p."seen" IS NOT NULL AND p."seen" >= $1::timestamptz AND p."seen" < $2::timestamptz))
-- with []interface {}{"2026-05-01T22:00:00Z", "2026-06-01T22:00:00Z"}

-- datetime more_than_days_ago 30
((p."seen" IS NOT NULL AND p."seen" >= $1::timestamptz AND p."seen" < $2::timestamptz))
-- with []interface {}{"0001-01-01", "2026-05-01T22:00:00Z"}

-- datetime in_next_days 30
((p."seen" IS NOT NULL AND p."seen" >= $1::timestamptz AND p."seen" < $2::timestamptz))
-- with []interface {}{"2026-05-31T22:00:00Z", "2026-07-01T22:00:00Z"}

-- datetime is_empty
((NOT (p."seen" IS NOT NULL AND p."seen" >= $1::timestamptz AND p."seen" < $2::timestamptz)))
-- with []interface {}{"0001-01-01", "10000-01-01"}

-- datetime is_not_empty
((p."seen" IS NOT NULL AND p."seen" >= $1::timestamptz AND p."seen" < $2::timestamptz))
-- with []interface {}{"0001-01-01", "10000-01-01"}

-- list has News
((p."tags" IS NOT NULL AND EXISTS (SELECT 1 FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(to_jsonb(p."tags")) = 'array' THEN to_jsonb(p."tags") ELSE '[]'::jsonb END) AS e(item) WHERE CASE WHEN octet_length(e.item) = length(e.item) THEN lower(e.item COLLATE "C") WHEN e.item !~ '…' THEN translate(lower(e.item COLLATE "C"), '…', '…') WHEN normalize(e.item, NFC) !~ '…' THEN normalize(e.item, NFC) ELSE normalize(translate(normalize(e.item, NFC), '…', '…'), NFC) END = $1::text)))
-- with []interface {}{"news"}

-- list has News, case matters
((p."tags" IS NOT NULL AND EXISTS (SELECT 1 FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(to_jsonb(p."tags")) = 'array' THEN to_jsonb(p."tags") ELSE '[]'::jsonb END) AS e(item) WHERE CASE WHEN octet_length(e.item) = length(e.item) THEN e.item COLLATE "C" ELSE normalize(e.item, NFC) COLLATE "C" END = $1::text)))
-- with []interface {}{"News"}

-- list has_not News
((NOT (p."tags" IS NOT NULL AND EXISTS (SELECT 1 FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(to_jsonb(p."tags")) = 'array' THEN to_jsonb(p."tags") ELSE '[]'::jsonb END) AS e(item) WHERE CASE WHEN octet_length(e.item) = length(e.item) THEN lower(e.item COLLATE "C") WHEN e.item !~ '…' THEN translate(lower(e.item COLLATE "C"), '…', '…') WHEN normalize(e.item, NFC) !~ '…' THEN normalize(e.item, NFC) ELSE normalize(translate(normalize(e.item, NFC), '…', '…'), NFC) END = $1::text))))
-- with []interface {}{"news"}

-- list has_not News, case matters
((NOT (p."tags" IS NOT NULL AND EXISTS (SELECT 1 FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(to_jsonb(p."tags")) = 'array' THEN to_jsonb(p."tags") ELSE '[]'::jsonb END) AS e(item) WHERE CASE WHEN octet_length(e.item) = length(e.item) THEN e.item COLLATE "C" ELSE normalize(e.item, NFC) COLLATE "C" END = $1::text))))
-- with []interface {}{"News"}

-- list is_empty
((NOT (p."tags" IS NOT NULL AND EXISTS (SELECT 1 FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(to_jsonb(p."tags")) = 'array' THEN to_jsonb(p."tags") ELSE '[]'::jsonb END) AS e(item) WHERE btrim(e.item, '…') COLLATE "C" <> ''))))

-- list is_not_empty
((p."tags" IS NOT NULL AND EXISTS (SELECT 1 FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(to_jsonb(p."tags")) = 'array' THEN to_jsonb(p."tags") ELSE '[]'::jsonb END) AS e(item) WHERE btrim(e.item, '…') COLLATE "C" <> '')))

-- a fraction
((p."spent" IS NOT NULL AND CASE WHEN p."spent"::text NOT IN ('NaN', 'Infinity', '-Infinity') THEN p."spent"::text::numeric = $1::numeric ELSE false END))
-- with []interface {}{"0.1"}

-- plain letters, case matters
((p."town" IS NOT NULL AND p."town"::text = $1::text AND p."town"::text COLLATE "C" = $2::text))
-- with []interface {}{"a'b?", "a'b?"}

-- white space alone
(((p."town" IS NOT NULL AND btrim(p."town"::text, '…') COLLATE "C" <> '') AND (p."town" IS NOT NULL AND strpos(CASE WHEN octet_length(p."town"::text) = length(p."town"::text) THEN lower(p."town"::text COLLATE "C") WHEN p."town"::text !~ '…' THEN translate(lower(p."town"::text COLLATE "C"), '…', '…') WHEN normalize(p."town"::text, NFC) !~ '…' THEN normalize(p."town"::text, NFC) ELSE normalize(translate(normalize(p."town"::text, NFC), '…', '…'), NFC) END, $1::text) > 0)))
-- with []interface {}{" "}

-- an odd name
((NOT (p."a""b`c]d?" IS NOT NULL AND btrim(p."a""b`c]d?"::text, '…') COLLATE "C" <> '')))

-- any of a condition, another segment, none of two
((p."member" IS NOT NULL AND p."member"::int = 1) OR (NOT ((p."spent" IS NOT NULL AND p."spent"::text NOT IN ('NaN', 'Infinity', '-Infinity')))) OR (NOT ((p."spent" IS NOT NULL AND p."spent" < $1::bigint AND p."spent"::text NOT IN ('NaN', 'Infinity', '-Infinity')) OR (p."member" IS NOT NULL AND p."member"::int = 0))))
-- with []interface {}{5}

-- everybody
(1 = 1)

