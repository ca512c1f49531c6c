"""Pages of facts: lists, read-only sheets, and forms that add through the same use cases as the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from ledger.access import STATED_AS, NotYourParty, Verb
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.sheets import Sheet, Shown, address, link
from ledger.api.access import caller_of, seen_by
from ledger.api.once import OtherContent
from ledger.api.uploads import UploadTooLarge
from ledger.constraints import REFUSALS, violated
from ledger.visibility import finds

if TYPE_CHECKING:
    Base = Any
    Pager = Paginator[Any]
else:
    Base = ModelAdmin
    Pager = Paginator

MOST_PICKED = 20
Given = TypeVar("Given", bound=FactForm)


class Pages(Pager):
    """The pages of a list, which count what is on them by the word that the desk has for it."""

    template_name = "ledger/admin/pagination.html"


class FactAdmin(Base):  # type: ignore[misc] # the theme has no types
    """
    Shows facts to whoever they concern, changes none, and adds where a use case and a permission allow it.

    Every list, page, search and chooser begins with ``get_queryset``, which leaves what is the caller's to see. What
    stands on a page about other facts goes through ``seen``.
    """

    fact_form: type[FactForm] | None = None
    pick_fields: tuple[str, ...] = ()  # what the choosers of other forms search
    change_list_template = "ledger/admin/list.html"
    list_per_page = 50
    actions = None
    list_before_template = "ledger/admin/list_before.html"
    paginator = Pages
    counted = ("", "")  # what one of them and several are called, where the table has other words
    called = ""  # what one is called on its form, where the table has another word
    asked = ("", "")  # heading and button of the form, where one does not add but ask
    about = ""  # one sentence above the list
    blank = ""  # what to do next where the list is empty
    has_filter_button = True

    # --- Who may. Members read what is theirs, as with the API; adding is a permission; changing is nobody's.

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Let staff see the section."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Let staff read who belong somewhere."""
        return bool(request.user.is_active and request.user.is_staff and caller_of(request).is_somebody)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those add who may, where there is a form for it."""
        return self.fact_form is not None and bool(super().has_add_permission(request))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Refuse: a fact is inserted, never changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Refuse: something ends by a second fact."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows that the caller sees."""
        return self.seen(request, super().get_queryset(request))

    def seen(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return those rows, of whatever table, that the caller sees."""
        return seen_by(request, rows)

    # --- Addresses.

    def get_urls(self) -> list[URLPattern]:
        """Add the chooser."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_pick"
        own = [path("pick/", self.admin_site.admin_view(require_POST(self.pick_view)), name=name)]
        return own + super().get_urls()  # type: ignore[no-any-return]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list."""
        return super().changelist_view(  # type: ignore[no-any-return]
            request,
            {
                "about": self.about,
                "blank": self.blank,
                "filter_button": self.has_filter_button,
                **(extra_context or {}),
            },
        )

    # --- Reading one.

    def sheet(self, request: HttpRequest, fact: Any) -> Sheet:
        """Lay a fact out."""
        raise NotImplementedError

    def change_view(self, request: HttpRequest, object_id: str, *_unused: Any, **_also: Any) -> HttpResponse:
        """Show one fact; there is no form, so nothing can be posted."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        fact = self.fact(request, object_id)
        return self.page(request, "ledger/admin/sheet.html", fact, {"sheet": self.sheet(request, fact)})

    def fact(self, request: HttpRequest, object_id: Any) -> Any:
        """
        Return the fact that an address names.

        :raises Http404: there is none
        """
        found = self.get_object(request, str(object_id))
        if found is None:
            raise Http404
        return found

    def page(self, request: HttpRequest, template: str, fact: Model | None, context: dict[str, Any]) -> HttpResponse:
        """Render a page in the desk's frame."""
        return render(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": str(self.opts.verbose_name_plural).capitalize(),
                "original": fact,
                "has_add_permission": self.has_add_permission(request),
                **context,
            },
        )

    def ask(self, request: HttpRequest, fact: Model, form: FactForm, *, title: str) -> HttpResponse:
        """Render a form about a fact, with what was wrong with it."""
        context = {"form": form, "title": title, "action": "Record", "lead": form.lead}
        response = self.page(request, "ledger/admin/form.html", fact, context)
        response.status_code = 422 if form.errors else 200
        return response

    # --- Adding one.

    @method_decorator(csrf_exempt)
    def add_view(self, request: HttpRequest, *_unused: Any, **_also: Any) -> HttpResponse:
        """
        Add a fact through its use case.

        Unlike Django's own view there is no transaction around it: the use case opens the outermost one, durable. And
        the token is checked inside, so that an upload beyond the limit is answered before its body is read.
        """
        if self.fact_form is None or not self.has_add_permission(request):
            raise PermissionDenied
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > settings.LEDGER_MAX_UPLOAD_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return self._too_large(request)
        try:
            return self._add(request)
        except UploadTooLarge:  # it announced less than it sent
            return self._too_large(request)

    @method_decorator(csrf_protect)
    def _add(self, request: HttpRequest) -> HttpResponse:
        form_class: type[FactForm] = self.fact_form  # type: ignore[assignment]
        if request.method != "POST":
            return self._form(request, self._prepared(request, form_class(initial=self._initial(request, form_class))))
        form = self._prepared(request, form_class(request.POST, request.FILES))
        if not form.is_valid():
            return self._form(request, form)
        id = form.cleaned_data["id"]
        if not self._answers(request, form):
            return self._form(request, form)
        try:
            fact = form.write(id=id, at=timezone.now())
        except IntegrityError as error:
            if (known := self.get_queryset(request).filter(pk=id).first()) is not None:
                # The same form sent twice: the first answer again, as the API does.
                messages.info(request, "This was registered already.")
                return HttpResponseRedirect(address(known))
            if self.model.objects.filter(pk=id).exists():
                form.add_error(None, sentence_of(OtherContent()))
                return self._form(request, form)
            refusal = REFUSALS.get(violated(error) or "")
            if refusal is None or refusal.field not in form.fields:
                raise
            form.add_error(refusal.field, refusal.sentence)
            return self._form(request, form)
        except tuple(form.refusals) as error:
            form.add_error(form.field_of(error), sentence_of(error))
            return self._form(request, form)
        self._note(request, fact)
        return self.added(request, form, fact)

    def added(self, request: HttpRequest, form: FactForm, fact: Model) -> HttpResponse:
        """Show what was added."""
        messages.success(request, form.done)
        return HttpResponseRedirect(self.address_after(fact))

    def address_after(self, made: Model) -> str:
        """Return where to go once a fact was added: to its page."""
        return address(made)

    def _prepared(self, request: HttpRequest, form: Given) -> Given:
        form.look_through(caller_of(request).sight)
        return form

    def _answers(self, request: HttpRequest, form: FactForm) -> bool:
        """Check as whom the fact is stated, and keep in whose name it is registered."""
        caller = caller_of(request)
        field, verb = STATED_AS.get(self.model, ("", Verb.REGISTER))
        stated = form.cleaned_data.get(field)
        form.registrar_id = caller.registrar(verb, party_id=stated.pk if stated else None)
        if stated is None or caller.acts_for(stated.pk, verb):
            return True
        form.add_error(field, sentence_of(NotYourParty()))
        return False

    def _initial(self, request: HttpRequest, form_class: type[FactForm]) -> dict[str, Any]:
        given: dict[str, Any] = {"id": uuid4()}
        for name in form_class.base_fields:
            if name in request.GET and name != "id":
                try:
                    given[name] = UUID(request.GET[name])  # addresses carry ids and nothing else
                except ValueError:
                    continue
        if "payer" in form_class.base_fields and "payer" not in given:
            own = set(caller_of(request).organizations(Verb.SETTLE))
            if len(own) == 1:  # who settles for one organization need not say for which
                (given["payer"],) = own
        return given

    def _form(self, request: HttpRequest, form: FactForm) -> HttpResponse:
        what = self.called or str(self.opts.verbose_name)
        title, action = self.asked if any(self.asked) else (f"Add {what}", f"Add {what}")
        context = {"form": form, "title": title, "action": action, "lead": form.lead}
        response = self.page(request, "ledger/admin/form.html", None, context)
        response.status_code = 422 if form.errors else 200
        return response

    def _too_large(self, request: HttpRequest) -> HttpResponse:
        form = self._prepared(request, (self.fact_form or FactForm)(initial={"id": uuid4()}))
        limit = settings.LEDGER_MAX_UPLOAD_BYTES // 2**20
        said = f"The upload is larger than {limit} MiB: send a compressed format such as FLAC or M4A."
        context = {"form": form, "title": f"Add {self.opts.verbose_name}", "refusal": said, "lead": form.lead}
        response = self.page(request, "ledger/admin/form.html", None, {**context, "action": context["title"]})
        response.status_code = 413
        return response

    def _note(self, request: HttpRequest, fact: Model) -> None:
        # Who at the desk added it, for ourselves. The id and not str(fact), which may be a name.
        LogEntry.objects.create(
            user_id=request.user.pk or 0,  # staff, so there is one
            content_type=ContentType.objects.get_for_model(fact),
            object_id=str(fact.pk),
            object_repr=str(fact.pk),
            action_flag=ADDITION,
        )

    # --- Choosing one, from another form.

    def pick_view(self, request: HttpRequest) -> HttpResponse:
        """Return what fits the typed words. They come in the body: an address with a name would land in server logs."""
        if not self.has_view_permission(request) or not self.pick_fields:
            raise PermissionDenied
        words = request.POST.get("q", "").strip()[:100]
        found = self.searched(self.get_queryset(request), words)[:MOST_PICKED]
        return JsonResponse({"found": [{"id": str(row.pk), "text": str(row), "more": self.more(row)} for row in found]})

    def searched(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Return the rows whose fields hold every word."""
        for word in words.split():
            fits = Q()
            for name in self.pick_fields:
                fits |= Q(**{f"{name}__icontains": word})
            rows = rows.filter(fits)
        return rows.order_by(*self.pick_fields[:1])

    def more(self, row: Any) -> str:  # noqa: ARG002 - what tells two of the same name apart
        """Return what tells rows of the same name apart."""
        return ""


def add_address(request: HttpRequest, model: type[Model], /, **ids: Any) -> str:
    """Return the address of a form with what is known filled in, empty where this person may not add."""
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    if not request.user.has_perm(f"{model._meta.app_label}.add_{model._meta.model_name}"):
        return ""
    query = QueryDict(mutable=True)
    query.update({key: str(id) for key, id in ids.items()})
    return f"{reverse(f'admin:{name}_add')}?{query.urlencode()}"


def link_if_seen(request: HttpRequest, row: Model | None, text: str, *, unseen: str) -> Shown:
    """Return a link to the page of a fact where the caller sees it, else what may be said without naming it."""
    if row is None or not finds(type(row), row.pk, caller_of(request).sight):
        return unseen
    return link(row, text)


def list_of(model: type[Model]) -> str:
    """Return the address of a list."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
