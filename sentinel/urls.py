"""Pages that need no other floor."""

from django.urls import path

from . import automation_views, log_api, policy_impact_views, policy_views, views

urlpatterns = [
    path("decisions/check/", views.check, name="decision-check"),
    path("log/checkpoint", log_api.checkpoint, name="log-checkpoint"),
    path("log/proof/<int:index>/", log_api.inclusion, name="log-proof"),
    path("log/consistency/<int:first>/<int:second>/", log_api.consistency, name="log-consistency"),
    path("automation/", automation_views.automation, name="automation"),
    path("automation/one/", automation_views.one, name="automation-one"),
    path("automation/move/", automation_views.move, name="automation-move"),
    path("automation/preview/", automation_views.preview, name="automation-preview"),
    path("automation/stop/", automation_views.stop, name="automation-stop"),
    path("automation/stop/<uuid:stop_id>/start/", automation_views.start, name="automation-start"),
    path("automation/drill/", automation_views.drill, name="automation-drill"),
    path("policies/", policy_views.policies, name="policies"),
    path("policies/new/", policy_views.new, name="policy-new"),
    path("policies/<int:number>/", policy_views.version, name="policy"),
    path("policies/<int:number>/text/", policy_views.text, name="policy-text"),
    path("policies/<int:number>/examples/", policy_views.examples, name="policy-examples"),
    path("policies/<int:number>/rules/<str:rule_id>/", policy_views.rule, name="policy-rule"),
    path("policies/<int:number>/propose/", policy_views.propose, name="policy-propose"),
    path("policies/<int:number>/roll-back/", policy_views.roll_back, name="policy-roll-back"),
    path("policies/<int:number>/impact/", policy_impact_views.progress, name="policy-impact"),
    path("policies/<int:number>/impact/start/", policy_impact_views.start, name="policy-impact-start"),
    path("policies/<int:number>/impact/seen/", policy_impact_views.seen, name="policy-impact-seen"),
    path("policies/<int:number>/impact/<uuid:run_id>/", policy_impact_views.changes, name="policy-impact-changes"),
    path("policies/<int:number>/impact/<uuid:run_id>/stop/", policy_impact_views.stop, name="policy-impact-stop"),
]
