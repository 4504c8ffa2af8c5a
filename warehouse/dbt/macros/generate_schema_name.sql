{# A layer's schema is called as the layer (staging, marts, features), not `<target>_<layer>`. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
