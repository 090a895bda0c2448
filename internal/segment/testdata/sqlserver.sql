-- text equals Øster
((p.[town] IS NOT NULL AND LOWER(CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2) + N'|' = @p1 + N'|'))
-- with []interface {}{"øster"}

-- text equals Øster, case matters
((p.[town] IS NOT NULL AND CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2 + N'|' = @p1 + N'|'))
-- with []interface {}{"Øster"}

-- text not_equals Øster
((NOT (p.[town] IS NOT NULL AND LOWER(CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2) + N'|' = @p1 + N'|')))
-- with []interface {}{"øster"}

-- text not_equals Øster, case matters
((NOT (p.[town] IS NOT NULL AND CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2 + N'|' = @p1 + N'|')))
-- with []interface {}{"Øster"}

-- text contains Øster
((p.[town] IS NOT NULL AND CHARINDEX(@p1, LOWER(CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2)) > 0))
-- with []interface {}{"øster"}

-- text contains Øster, case matters
((p.[town] IS NOT NULL AND CHARINDEX(@p1, CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2) > 0))
-- with []interface {}{"Øster"}

-- text not_contains Øster
((NOT (p.[town] IS NOT NULL AND CHARINDEX(@p1, LOWER(CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2)) > 0)))
-- with []interface {}{"øster"}

-- text not_contains Øster, case matters
((NOT (p.[town] IS NOT NULL AND CHARINDEX(@p1, CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2) > 0)))
-- with []interface {}{"Øster"}

-- text begins_with Øster
((p.[town] IS NOT NULL AND LEFT(LOWER(CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2), @p1) + N'|' = @p2 + N'|'))
-- with []interface {}{5, "øster"}

-- text begins_with Øster, case matters
((p.[town] IS NOT NULL AND LEFT(CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, @p1) + N'|' = @p2 + N'|'))
-- with []interface {}{5, "Øster"}

-- text ends_with Øster
((p.[town] IS NOT NULL AND RIGHT(LOWER(CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2), @p1) + N'|' = @p2 + N'|'))
-- with []interface {}{5, "øster"}

-- text ends_with Øster, case matters
((p.[town] IS NOT NULL AND RIGHT(CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2, @p1) + N'|' = @p2 + N'|'))
-- with []interface {}{5, "Øster"}

-- text in_list Øster, Vester
((p.[town] IS NOT NULL AND LOWER(CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2) + N'|' IN (@p1 + N'|', @p2 + N'|')))
-- with []interface {}{"øster", "vester"}

-- text in_list Øster, Vester, case matters
((p.[town] IS NOT NULL AND CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2 + N'|' IN (@p1 + N'|', @p2 + N'|')))
-- with []interface {}{"Øster", "Vester"}

-- text not_in_list Øster, Vester
((NOT (p.[town] IS NOT NULL AND LOWER(CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2) + N'|' IN (@p1 + N'|', @p2 + N'|'))))
-- with []interface {}{"øster", "vester"}

-- text not_in_list Øster, Vester, case matters
((NOT (p.[town] IS NOT NULL AND CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2 + N'|' IN (@p1 + N'|', @p2 + N'|'))))
-- with []interface {}{"Øster", "Vester"}

-- text is_empty
((NOT (p.[town] IS NOT NULL AND CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2 LIKE N'…')))

-- text is_not_empty
((p.[town] IS NOT NULL AND CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2 LIKE N'…'))

-- number equals 10
((p.[spent] IS NOT NULL AND p.[spent] = @p1))
-- with []interface {}{10}

-- number not_equals 10
((NOT (p.[spent] IS NOT NULL AND p.[spent] = @p1)))
-- with []interface {}{10}

-- number less 10
((p.[spent] IS NOT NULL AND p.[spent] < @p1))
-- with []interface {}{10}

-- number at_most 10
((p.[spent] IS NOT NULL AND p.[spent] <= @p1))
-- with []interface {}{10}

-- number greater 10
((p.[spent] IS NOT NULL AND p.[spent] > @p1))
-- with []interface {}{10}

-- number at_least 10
((p.[spent] IS NOT NULL AND p.[spent] >= @p1))
-- with []interface {}{10}

-- number between 10, 20.5
(((p.[spent] IS NOT NULL AND p.[spent] >= @p1) AND (p.[spent] IS NOT NULL AND p.[spent] <= @p2)))
-- with []interface {}{10, 20.5}

-- number is_empty
((NOT (p.[spent] IS NOT NULL)))

-- number is_not_empty
((p.[spent] IS NOT NULL))

-- boolean is_true
((p.[member] IS NOT NULL AND p.[member] = 1))

-- boolean is_false
((p.[member] IS NOT NULL AND p.[member] = 0))

-- boolean is_empty
((NOT (p.[member] IS NOT NULL AND p.[member] IN (0, 1))))

-- boolean is_not_empty
((p.[member] IS NOT NULL AND p.[member] IN (0, 1)))

-- date on 2026-05-01
((p.[born] IS NOT NULL AND p.[born] >= CAST(@p1 AS date) AND p.[born] < CAST(@p2 AS date)))
-- with []interface {}{"2026-05-01", "2026-05-02"}

-- date before 2026-05-01
((p.[born] IS NOT NULL AND p.[born] < CAST(@p1 AS date)))
-- with []interface {}{"2026-05-01"}

-- date after 2026-05-01
((p.[born] IS NOT NULL AND p.[born] >= CAST(@p1 AS date)))
-- with []interface {}{"2026-05-02"}

-- date between 2026-05-01, 2026-05-31
((p.[born] IS NOT NULL AND p.[born] >= CAST(@p1 AS date) AND p.[born] < CAST(@p2 AS date)))
-- with []interface {}{"2026-05-01", "2026-06-01"}

-- date in_last_days 30
((p.[born] IS NOT NULL AND p.[born] >= CAST(@p1 AS date) AND p.[born] < CAST(@p2 AS date)))
-- with []interface {}{"2026-05-02", "2026-06-02"}

-- date more_than_days_ago 30
((p.[born] IS NOT NULL AND p.[born] < CAST(@p1 AS date)))
-- with []interface {}{"2026-05-02"}

-- date in_next_days 30
((p.[born] IS NOT NULL AND p.[born] >= CAST(@p1 AS date) AND p.[born] < CAST(@p2 AS date)))
-- with []interface {}{"2026-06-01", "2026-07-02"}

-- date anniversary_in_days 30
((p.[born] IS NOT NULL AND ((MONTH(p.[born]) * 100 + DAY(p.[born])) BETWEEN @p1 AND @p2)))
-- with []interface {}{601, 701}

-- date is_empty
((NOT (p.[born] IS NOT NULL)))

-- date is_not_empty
((p.[born] IS NOT NULL))

-- datetime on 2026-05-01
((p.[seen] IS NOT NULL AND p.[seen] >= CAST(@p1 AS datetimeoffset(0)) AND p.[seen] < CAST(@p2 AS datetimeoffset(0))))
-- with []interface {}{"2026-04-30T22:00:00Z", "2026-05-01T22:00:00Z"}

-- datetime before 2026-05-01
((p.[seen] IS NOT NULL AND p.[seen] < CAST(@p1 AS datetimeoffset(0))))
-- with []interface {}{"2026-04-30T22:00:00Z"}

-- datetime after 2026-05-01
((p.[seen] IS NOT NULL AND p.[seen] >= CAST(@p1 AS datetimeoffset(0))))
-- with []interface {}{"2026-05-01T22:00:00Z"}

-- datetime between 2026-05-01, 2026-05-31
((p.[seen] IS NOT NULL AND p.[seen] >= CAST(@p1 AS datetimeoffset(0)) AND p.[seen] < CAST(@p2 AS datetimeoffset(0))))
-- with []interface {}{"2026-04-30T22:00:00Z", "2026-05-31T22:00:00Z"}

-- datetime in_last_days 30
((p.[seen] IS NOT NULL AND p.[seen] >= CAST(@p1 AS datetimeoffset(0)) AND p.[seen] < CAST(@p2 AS datetimeoffset(0))))
-- with []interface {}{"2026-05-01T22:00:00Z", "2026-06-01T22:00:00Z"}

-- datetime more_than_days_ago 30
((p.[seen] IS NOT NULL AND p.[seen] < CAST(@p1 AS datetimeoffset(0))))
-- with []interface {}{"2026-05-01T22:00:00Z"}

-- datetime in_next_days 30
((p.[seen] IS NOT NULL AND p.[seen] >= CAST(@p1 AS datetimeoffset(0)) AND p.[seen] < CAST(@p2 AS datetimeoffset(0))))
-- with []interface {}{"2026-05-31T22:00:00Z", "2026-07-01T22:00:00Z"}

-- datetime is_empty
((NOT (p.[seen] IS NOT NULL)))

-- datetime is_not_empty
((p.[seen] IS NOT NULL))

-- list has News
((p.[tags] IS NOT NULL AND EXISTS (SELECT 1 FROM OPENJSON(CASE WHEN ISJSON(p.[tags]) = 1 AND LEFT(LTRIM(p.[tags]), 1) = N'[' THEN p.[tags] ELSE N'[]' END) AS e WHERE LOWER(CAST(e.value AS nvarchar(max)) COLLATE Latin1_General_100_BIN2) + N'|' = @p1 + N'|')))
-- with []interface {}{"news"}

-- list has News, case matters
((p.[tags] IS NOT NULL AND EXISTS (SELECT 1 FROM OPENJSON(CASE WHEN ISJSON(p.[tags]) = 1 AND LEFT(LTRIM(p.[tags]), 1) = N'[' THEN p.[tags] ELSE N'[]' END) AS e WHERE CAST(e.value AS nvarchar(max)) COLLATE Latin1_General_100_BIN2 + N'|' = @p1 + N'|')))
-- with []interface {}{"News"}

-- list has_not News
((NOT (p.[tags] IS NOT NULL AND EXISTS (SELECT 1 FROM OPENJSON(CASE WHEN ISJSON(p.[tags]) = 1 AND LEFT(LTRIM(p.[tags]), 1) = N'[' THEN p.[tags] ELSE N'[]' END) AS e WHERE LOWER(CAST(e.value AS nvarchar(max)) COLLATE Latin1_General_100_BIN2) + N'|' = @p1 + N'|'))))
-- with []interface {}{"news"}

-- list has_not News, case matters
((NOT (p.[tags] IS NOT NULL AND EXISTS (SELECT 1 FROM OPENJSON(CASE WHEN ISJSON(p.[tags]) = 1 AND LEFT(LTRIM(p.[tags]), 1) = N'[' THEN p.[tags] ELSE N'[]' END) AS e WHERE CAST(e.value AS nvarchar(max)) COLLATE Latin1_General_100_BIN2 + N'|' = @p1 + N'|'))))
-- with []interface {}{"News"}

-- list is_empty
((NOT (p.[tags] IS NOT NULL AND EXISTS (SELECT 1 FROM OPENJSON(CASE WHEN ISJSON(p.[tags]) = 1 AND LEFT(LTRIM(p.[tags]), 1) = N'[' THEN p.[tags] ELSE N'[]' END) AS e WHERE CAST(e.value AS nvarchar(max)) COLLATE Latin1_General_100_BIN2 LIKE N'…'))))

-- list is_not_empty
((p.[tags] IS NOT NULL AND EXISTS (SELECT 1 FROM OPENJSON(CASE WHEN ISJSON(p.[tags]) = 1 AND LEFT(LTRIM(p.[tags]), 1) = N'[' THEN p.[tags] ELSE N'[]' END) AS e WHERE CAST(e.value AS nvarchar(max)) COLLATE Latin1_General_100_BIN2 LIKE N'…')))

-- a fraction
((p.[spent] IS NOT NULL AND p.[spent] = @p1))
-- with []interface {}{0.1}

-- plain letters, case matters
((p.[town] IS NOT NULL AND CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2 + N'|' = @p1 + N'|'))
-- with []interface {}{"a'b?"}

-- white space alone
(((p.[town] IS NOT NULL AND CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2 LIKE N'…') AND (p.[town] IS NOT NULL AND CHARINDEX(@p1, LOWER(CAST(p.[town] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2)) > 0)))
-- with []interface {}{" "}

-- an odd name
((NOT (p.[a"b`c]]d?] IS NOT NULL AND CAST(p.[a"b`c]]d?] AS nvarchar(max)) COLLATE Latin1_General_100_BIN2 LIKE N'…')))

-- any of a condition, another segment, none of two
((p.[member] IS NOT NULL AND p.[member] = 1) OR (NOT ((p.[spent] IS NOT NULL))) OR (NOT ((p.[spent] IS NOT NULL AND p.[spent] < @p1) OR (p.[member] IS NOT NULL AND p.[member] = 0))))
-- with []interface {}{5}

-- everybody
(1 = 1)

