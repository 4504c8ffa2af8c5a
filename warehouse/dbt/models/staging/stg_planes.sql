-- One aircraft. Makers that the register writes in several ways are brought together.
select
    tailnum,
    year as year_built,
    type,
    manufacturer,
    case
        when manufacturer like 'AIRBUS%' then 'AIRBUS'
        when manufacturer like 'BOEING%' then 'BOEING'
        when manufacturer like 'EMBRAER%' then 'EMBRAER'
        when manufacturer like 'MCDONNELL DOUGLAS%' then 'MCDONNELL DOUGLAS'
        when manufacturer in ('BOMBARDIER INC', 'CANADAIR') then 'BOMBARDIER'
        else 'OTHER'
    end as maker,
    model,
    engines,
    seats,
    engine
from {{ source('silver', 'planes') }}
