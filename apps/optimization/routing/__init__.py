"""Which model serves a request: certified gains by class, pinned, never against what it needs."""

from apps.optimization.routing.abilities import Abilities, Needs, lacking, needs_of
from apps.optimization.routing.asked import ROUTABLE, instructions_of, turns_of
from apps.optimization.routing.certifying import certified_threshold, threshold_for_quality
from apps.optimization.routing.classes import Clusters, request_class, template_digest
from apps.optimization.routing.deciding import Choice, Route, choose
from apps.optimization.routing.gains import Fit, GainModel, fitted_gains
from apps.optimization.routing.known import KNOWN, Known
from apps.optimization.routing.namespaces import pair_namespace
from apps.optimization.routing.pinning import Pins
from apps.optimization.routing.switching import calls_to_pay, pays_to_switch

__all__ = [
    "KNOWN",
    "ROUTABLE",
    "Abilities",
    "Choice",
    "Clusters",
    "Fit",
    "GainModel",
    "Known",
    "Needs",
    "Pins",
    "Route",
    "calls_to_pay",
    "certified_threshold",
    "choose",
    "fitted_gains",
    "instructions_of",
    "lacking",
    "needs_of",
    "pair_namespace",
    "pays_to_switch",
    "request_class",
    "template_digest",
    "threshold_for_quality",
    "turns_of",
]
