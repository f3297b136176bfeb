"""Notices, how much of the plan is used, and who is e-mailed."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat

from apps.kernel.clock import utc_now
from apps.notices.kinds import E_MAILED_ROLES, Kind
from apps.notices.selectors import emailed_kinds, endpoints, notices
from apps.notices.services.mutings import choose_emails
from apps.portal.access import FORM, PortalRequest, portal_view
from apps.portal.forms.webhooks import NoticeEmailsForm
from apps.portal.paging import page_of
from apps.tenants.permissions import Permission
from apps.tenants.plans import LABELS, Allowance, plan_of
from apps.tenants.selectors import entitlements
from apps.usage.allowances.selectors import Use, uses

# One a day; the finance contact's mailbox has all of them.
MOST_HEADS = 7


@portal_view(Permission.NOTICES_READ)
def alert_list(request: PortalRequest) -> HttpResponse:
    actor, at = request.actor, utc_now()
    organization = actor.organization
    told = notices(organization)
    context = {
        "page": page_of(told.exclude(kind=Kind.HEAD_SIGNED), request),
        "heads": told.filter(kind=Kind.HEAD_SIGNED)[:MOST_HEADS],
        "endpoints": list(endpoints(organization)) if actor.may(Permission.WEBHOOKS_READ) else [],
        "plan": plan_of(entitlements(organization, at=at)),
        "uses": [_shown(use) for use in uses(organization, at=at)],
    }
    return render(request, "portal/alerts/list.html", context)


@portal_view(Permission.NOTICES_CHOOSE, methods=FORM)
def notice_emails(request: PortalRequest) -> HttpResponse:
    organization, membership = request.actor.organization, request.actor.membership
    chosen = [kind.value for kind in emailed_kinds(organization, request.user)]
    form = NoticeEmailsForm(request.POST or None, initial={"kinds": chosen})
    if request.method == "POST" and form.is_valid():
        kinds = form.cleaned_data["kinds"]
        choose_emails(organization=organization, user=request.user, kinds=kinds)
        messages.success(request, "Your choice of e-mails is saved.")
        return redirect("portal:alerts", slug=organization.slug)
    gets_any = membership is not None and membership.role in E_MAILED_ROLES
    return render(request, "portal/alerts/emails.html", {"form": form, "gets_any": gets_any})


def _shown(use: Use) -> dict[str, object]:
    label = LABELS[use.allowance].removeprefix("bytes of ")
    counted = filesizeformat if use.allowance is Allowance.STORAGE else "{:,}".format
    return {
        "label": label[0].upper() + label[1:],
        "used": counted(use.used),
        "amount": "No bound" if use.amount is None else counted(use.amount),
        "measured_at": use.measured_at,
        "is_exhausted": use.amount is not None and use.used >= use.amount,
    }
