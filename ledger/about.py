"""How an entry names the fact that it is about: by its kind of subject and its id, in two columns for all kinds.

To Django each kind is a relation of its own: ``entry.license``, ``Entry.objects.filter(license=…)``,
``license.entries``, with what these compare in the database being both columns. A foreign key in the database would
need a column, and an index, for each of the hundred kinds; that the fact is there is asked as the entry comes in
(``ledger.postgresql.entries``).
"""

from __future__ import annotations

from typing import Any, Final

from django.db import models
from django.db.models.fields import related_lookups
from django.db.models.fields.related import ForeignObject
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor
from django.db.models.lookups import Exact

SUBJECT: Final = "subject"
FACT: Final = "fact"


class _Fact(ForwardManyToOneDescriptor):  # type: ignore[type-arg]
    def __set__(self, instance: models.Model, value: models.Model | None) -> None:
        super().__set__(instance, value)
        setattr(instance, SUBJECT, self.field.name if value is not None else None)


class About(ForeignObject):  # type: ignore[type-arg]
    """
    What an entry is about, where it is about a fact of this kind; the field's name is that of the kind.

    It has no column of its own, and is not part of the history of migrations: a new kind needs none but for what the
    database asks of entries as they come in.
    """

    forward_related_accessor_class = _Fact

    def __init__(self, to: Any, **kwargs: Any) -> None:
        """Point at a model, by its key."""
        kwargs = {"on_delete": models.PROTECT, "related_name": "entries", "null": True, **kwargs}
        super().__init__(to, from_fields=[FACT], to_fields=[None], **kwargs)  # type: ignore[list-item]  # None: its key

    def contribute_to_class(
        self,
        cls: type[models.Model],
        name: str,
        private_only: bool = False,  # noqa: FBT001, FBT002, ARG002 - Django's
        **kwargs: Any,
    ) -> None:
        """Stand beside the columns of the model and not among them, as a generic relation does."""
        super().contribute_to_class(cls, name, private_only=True, **kwargs)

    def get_local_related_value(self, instance: models.Model) -> tuple[Any, ...]:
        """Return the fact's id, where the entry is about one of this kind."""
        return (getattr(instance, FACT) if getattr(instance, SUBJECT) == self.name else None,)

    def get_extra_restriction(self, alias: str | None, related_alias: str | None) -> Any:  # noqa: ARG002 - Django's
        """Join facts of this kind with their entries and no others."""
        return self.kind_at(related_alias)

    def kind_at(self, alias: Any) -> Exact[Any]:
        """Return that an entry, of this alias in a query, is about a fact of this kind."""
        column: Any = self.model._meta.get_field(SUBJECT)
        return Exact(column.get_col(alias), self.name)


def _of_kind(lookup: Any, compiler: Any) -> tuple[str, list[Any]] | None:
    """Return the condition that an entry is about the kind of a lookup; None from the fact's side: the join says so."""
    field = lookup.lhs.output_field
    if not isinstance(field, About):
        return None
    sql, params = compiler.compile(field.kind_at(lookup.lhs.alias))
    return sql, list(params)


class _OfItsKind:
    """Compares ids as the lookup beside it does, of entries about this kind of fact alone."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        sql, params = super().as_sql(compiler, connection)  # type: ignore[misc]
        kind = _of_kind(self, compiler)
        return (f"({kind[0]} AND {sql})", (*kind[1], *params)) if kind else (sql, params)


@About.register_lookup
class _Is(_OfItsKind, related_lookups.RelatedExact):
    pass


@About.register_lookup
class _IsAmong(_OfItsKind, related_lookups.RelatedIn):
    pass


@About.register_lookup
class _IsOfAnother(related_lookups.RelatedIsNull):
    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        kind = _of_kind(self, compiler)
        if kind is None:
            sql: tuple[str, Any] = super().as_sql(compiler, connection)
            return sql
        return f"NOT ({kind[0]})" if self.rhs else kind[0], kind[1]
