{# Every value that is not null lies between `least` and `greatest`, both included. #}
{% test between(model, column_name, least, greatest) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} < {{ least }} or {{ column_name }} > {{ greatest }}
{% endtest %}
