{# The columns identify a row: none of them is null, and no two rows share them. Fails with one row a
   faulty key. #}
{% test row_key(model, columns) %}
select {{ columns | join(', ') }}, count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{%- for column in columns %} or max(case when {{ column }} is null then 1 else 0 end) = 1{% endfor %}
{% endtest %}
