-- One hour's observation at an origin.
select
    {{ utc_timestamp('time_hour') }} as time_hour,
    origin,
    temp,
    dewp,
    humid,
    wind_dir,
    wind_speed,
    wind_gust,
    precip,
    pressure,
    visib
from {{ source('silver', 'weather') }}
