{# A layer's schema is called as the layer (staging, marts, features), not `<target>_<layer>`; or as the
   warehouse's stack calls it, which the adapter tells by LANDFALL_SCHEMA_<LAYER>. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set layer = (custom_schema_name or target.schema) | trim -%}
    {{ env_var('LANDFALL_SCHEMA_' ~ layer | upper, layer) }}
{%- endmacro %}
