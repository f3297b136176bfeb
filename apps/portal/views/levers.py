"""What levers may do, for the organization, a project or a key; and which kept answers are void."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.kernel.clock import utc_now
from apps.optimization.access import LABELS, LEVERS, STATES, PolicyTerms
from apps.optimization.selectors import effect_on, namespaces, said_by
from apps.optimization.services import invalidate_answers, set_policy, switch_lever
from apps.portal.access import FORM, PortalRequest, portal_view
from apps.portal.forms.errors import shown_in
from apps.portal.forms.levers import InvalidationForm, PolicyForm, SubjectForm, typed_as
from apps.portal.lever_history import Names, history, said_elsewhere
from apps.portal.levers import (
    EXPLANATIONS,
    lever_lines,
    meaning,
    namespace_lines,
    savings,
    term_lines,
)
from apps.portal.subjects import Subject, subject_of
from apps.portal.views.confirmation import ask
from apps.tenants.permissions import Permission

HOLDS = "It holds for calls from now on."
WORDS = {"on": "on", "shadow": "to shadow", "off": "off"}
MOST_NAMESPACES = 20


@portal_view(Permission.POLICIES_READ)
def lever_list(request: PortalRequest) -> HttpResponse:
    organization, subject, at = request.actor.organization, _subject(request), utc_now()
    effect = effect_on(**subject.place)
    found = namespaces(at=at, project_id=subject.project_id)
    saved = savings(organization, subject, at=at)
    is_whole, names = subject.project_id is None, Names(organization)
    elsewhere = said_elsewhere(names)
    context = {
        "subject": subject,
        "form": SubjectForm(initial={"subject": subject.text}, organization=organization),
        "levers": lever_lines(
            effect,
            found,
            saved,
            above="Default" if is_whole else "As above",
            others=[each.levers for each in elsewhere] if is_whole else (),
        ),
        "terms": term_lines(effect),
        "says_anything": effect.said != PolicyTerms(),
        "namespaces": namespace_lines(found[:MOST_NAMESPACES], names.projects),
        "hidden": max(len(found) - MOST_NAMESPACES, 0),
        "elsewhere": elsewhere,
        "history": history(names),
    }
    return render(request, "portal/levers/list.html", context)


@portal_view(Permission.POLICIES_WRITE, methods=FORM)
def lever_edit(request: PortalRequest) -> HttpResponse:
    organization, subject = request.actor.organization, _subject(request)
    said = typed_as(said_by(**subject.said_for))
    form = PolicyForm(request.POST or None, initial=dict(said), is_whole=subject.project_id is None)
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            set_policy(
                organization=organization,
                terms=form.terms(),
                set_by=request.actor.id,
                at=utc_now(),
                **subject.said_for,
            )
            return _done(request, subject)
    return render(request, "portal/levers/form.html", {"form": form, "subject": subject})


@portal_view(Permission.POLICIES_WRITE, methods=FORM)
def lever_switch(request: PortalRequest) -> HttpResponse:
    """Say one word of one lever: `lever` and `to` of the address; no `to` is what is above."""
    subject = _subject(request)
    lever, state = request.GET.get("lever", ""), request.GET.get("to", "")
    if lever not in LEVERS or state not in ("", *STATES):
        raise Http404
    if request.method == "POST":
        switch_lever(
            organization=request.actor.organization,
            lever=lever,
            state=state or None,
            set_by=request.actor.id,
            at=utc_now(),
            **subject.said_for,
        )
        return _done(request, subject)
    return ask(request, **_question(subject, lever, state))


@portal_view(Permission.POLICIES_WRITE, methods=FORM)
def lever_reset(request: PortalRequest) -> HttpResponse:
    """Take back all that a subject says."""
    subject = _subject(request)
    if request.method == "POST":
        set_policy(
            organization=request.actor.organization,
            terms=PolicyTerms(),
            set_by=request.actor.id,
            at=utc_now(),
            **subject.said_for,
        )
        return _done(request, subject)
    above = "what is set above" if subject.project_id else "the default"
    return ask(
        request,
        title="Reset levers and terms",
        text=f"{subject.name} has no settings of its own any more: {above} holds for its calls.",
        consequences=["What was set stays in the list of changes, but not in force."],
        button="Reset",
        back_to="levers",
        back_query=subject.query,
    )


@portal_view(Permission.CACHES_INVALIDATE, methods=FORM)
def caches_invalidate(request: PortalRequest) -> HttpResponse:
    organization = request.actor.organization
    is_sent = request.method == "POST"
    form = InvalidationForm(request.POST if is_sent else None, organization=organization)
    if is_sent and form.is_valid():
        project = form.cleaned_data["project"]
        with shown_in(form, "tag"):
            invalidate_answers(
                organization=organization,
                asked_by=request.actor.id,
                at=utc_now(),
                project_id=project.pk if project else None,
                tag=form.cleaned_data["tag"] or None,
            )
            messages.success(request, "What was asked before now is not answered from a cache.")
            return redirect("portal:levers", slug=organization.slug)
    return ask(
        request,
        title="Invalidate caches",
        text="Answers that are kept of calls before now are not given any more, by none of the "
        "three caches.",
        consequences=[
            "The next call of each kind is asked of the provider again, and paid.",
            "It holds at gateways within two seconds and cannot be undone.",
            "Certificates stay: they are about kinds of calls, not about answers.",
        ],
        button="Invalidate",
        back_to="levers",
        form=form,
    )


def _subject(request: PortalRequest) -> Subject:
    return subject_of(request.actor.organization, request.GET.get("subject", ""))


def _done(request: PortalRequest, subject: Subject) -> HttpResponse:
    messages.success(request, HOLDS)
    address = reverse("portal:levers", args=[request.actor.organization.slug])
    return redirect(address + subject.query)


def _question(subject: Subject, lever: str, state: str) -> dict[str, Any]:
    """What is asked before `state` is said."""
    label, effect = LABELS[lever], effect_on(**subject.place)
    common = {"back_to": "levers", "back_query": subject.query, "style": "primary"}
    if not state:
        return common | {
            "title": f"{label}: no setting of its own",
            "text": f"{subject.name} leaves it to what is above, which then holds for its calls.",
            "button": "Take the setting back",
        }
    return common | {
        "title": f"Turn {label} {WORDS[state]}",
        "text": f"For: {subject.name}. {EXPLANATIONS[lever]}",
        "consequences": [*meaning(lever, state, effect), "It holds within two seconds."],
        "button": f"Turn {WORDS[state]}",
    }
