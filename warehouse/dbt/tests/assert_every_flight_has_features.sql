-- No join drops or doubles a flight: the table has exactly the flights of staging in the same months.
select staged.row_count as staged_rows, features.row_count as feature_rows
from (
    select count(*) as row_count
    from {{ ref('stg_flights') }}
    where {{ in_month('time_hour') }}
) as staged
cross join (select count(*) as row_count from {{ ref('features_flights') }}) as features
where staged.row_count <> features.row_count
