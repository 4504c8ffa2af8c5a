-- One airport of the register.
select
    faa,
    name,
    lat,
    lon,
    alt,
    tz,
    dst,
    tzone
from {{ source('silver', 'airports') }}
