"""Pages of the sources."""

from django.urls import path

from . import mapping_views, receiving_views, rejected_views, views

urlpatterns = [
    path("sources/", views.sources, name="sources"),
    path("sources/new/", views.register, name="source-new"),
    path("sources/<slug:code>/", views.source, name="source"),
    path("sources/<slug:code>/change/", views.change, name="source-change"),
    path("sources/<slug:code>/changes/<uuid:drift_id>/acknowledge/", views.acknowledge, name="source-acknowledge"),
    path("sources/<slug:code>/rejected/", rejected_views.rejected_rows, name="source-rejected"),
    path("sources/<slug:code>/rejected/again/", rejected_views.again, name="source-rerun"),
    path("sources/<slug:code>/rejected/<uuid:row_id>/", rejected_views.row, name="source-row"),
    path("sources/<slug:code>/files/<uuid:file_id>/look/", rejected_views.look, name="source-look"),
    path("sources/<slug:code>/files/new/", receiving_views.receive, name="source-receive"),
    path("sources/<slug:code>/files/<uuid:file_id>/read/", receiving_views.read, name="source-read"),
    path("sources/<slug:code>/files/<uuid:file_id>/map/", mapping_views.begin, name="source-map"),
    path("sources/<slug:code>/mappings/<uuid:mapping_id>/", mapping_views.edit, name="source-mapping"),
    path("sources/<slug:code>/mappings/<uuid:mapping_id>/try/", mapping_views.try_out, name="source-mapping-try"),
    path("sources/<slug:code>/mappings/<uuid:mapping_id>/dry-run/", mapping_views.dry_run, name="source-mapping-dry-run"),
    path("sources/<slug:code>/mappings/<uuid:mapping_id>/activate/", mapping_views.activate, name="source-mapping-activate"),
    path("sources/<slug:code>/mappings/<uuid:mapping_id>/retire/", mapping_views.retire, name="source-mapping-retire"),
]
