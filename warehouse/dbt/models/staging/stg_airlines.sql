-- One carrier and its name.
select
    carrier,
    name
from {{ source('silver', 'airlines') }}
