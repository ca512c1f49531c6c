"""Which named constraint refused a write, and what that means to whoever wrote."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError


def violated(error: IntegrityError) -> str | None:
    """Return the name of the constraint that the database named, or None where it named none."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None)


@dataclass(frozen=True)
class Refusal:
    """What a refusal means to whoever wrote: a status and a code for programs, a field and a sentence for people."""

    status: int
    code: str
    field: str
    sentence: str


_BACKWARDS = Refusal(
    422,
    "ends_before_it_begins",
    "active_to",
    "The end lies behind the beginning: it is the first day outside the period, and empty while that is open.",
)

_MOVED_ON = Refusal(
    409,
    "consent_out_of_course",
    "act",
    "The course of this consent went on meanwhile: read it again, and act on what it is now.",
)


def _twice(field: str) -> Refusal:
    return Refusal(422, "listed_twice", field, "The list names the same thing twice: name it once.")


# Constraint → what it says: the database decides the race, and this tells who lost it.
REFUSALS = {
    "one_recording_per_isrc": Refusal(409, "isrc_taken", "isrc", "Another recording has this ISRC."),
    "one_work_per_iswc": Refusal(409, "iswc_taken", "iswc", "Another work has this ISWC."),
    "share_ends_after_it_begins": _BACKWARDS,
    "consent_ends_after_it_begins": _BACKWARDS,
    "license_ends_after_it_begins": _BACKWARDS,
    "one_usage_mapping_of_a_name": Refusal(409, "name_taken", "name", "Another mapping has this name: choose another."),
    "one_mapping_of_a_name": Refusal(409, "name_taken", "name", "Another mapping has this name: choose another."),
    # Their ids follow from what they join, so the same line twice is the same key twice; which of the constraints that
    # both hold is named follows from the order in which they were made, which is another after a backup is put back.
    "rights_licenseasset_pkey": _twice("schedule"),
    "asset_is_scheduled_once": _twice("schedule"),
    "recording_is_scheduled_once": _twice("schedule"),
    "work_is_scheduled_once": _twice("schedule"),
    "rights_recordingwork_pkey": _twice("works"),
    # Terms and licenses.
    "rights_licensemodelversion_pkey": _twice("model_versions"),
    "license_names_a_model_version_once": _twice("model_versions"),
    "one_text_per_version_and_language": Refusal(
        409, "version_taken", "name", "Another version of these terms was published at this moment: send yours again."
    ),
    "license_follows_its_course": Refusal(
        409,
        "license_went_another_way",
        "act",
        "A license is suspended, terminated or amended while it is in force, and resumed or terminated while it is"
        " suspended; nothing follows a termination or an amendment.",
    ),
    "license_event_has_its_own_position": Refusal(
        409, "license_went_on", "act", "Something else became of this license meanwhile: look at it again."
    ),
    "release_window_ends_after_it_begins": Refusal(
        422, "ends_before_it_begins", "release_to", "The end of the release window lies behind its beginning."
    ),
    # Consents and reservations. The use cases say more where they can: what the consent had become.
    "consent_follows_its_course": _MOVED_ON,
    "consent_event_has_its_own_position": _MOVED_ON,
    "consent_is_granted_and_withdrawn_once": _MOVED_ON,
    "reservation_ends_after_it_begins": _BACKWARDS,
    "consent_is_to_one_or_to_a_role": Refusal(
        422, "one_licensee_or_a_role", "licensee_role", "Name one licensee or a role, not both."
    ),
    "rights_consentasset_pkey": _twice("assets"),
    "asset_is_on_a_consent_once": _twice("assets"),
    "rights_consentoverride_pkey": _twice("overrides"),
    "reservation_is_overridden_once": _twice("overrides"),
    "rights_consentevidence_pkey": _twice("evidence"),
    # Parties.
    "role_ends_after_it_begins": _BACKWARDS,
    "representation_ends_after_it_begins": _BACKWARDS,
    "protection_ends_after_it_begins": _BACKWARDS,
    "nobody_represents_themselves": Refusal(
        422, "represents_itself", "agent", "Nobody needs a mandate to act for themselves: name somebody else."
    ),
    "identifier_is_recorded_once": Refusal(
        409, "code_is_recorded", "raw", "This code is recorded here already; state a finding about that one."
    ),
    "party_is_not_merged_into_itself": Refusal(
        422, "merged_into_itself", "survivor", "A party is not a duplicate of itself: name two."
    ),
    "party_is_merged_once": Refusal(
        409,
        "party_is_merged_once",
        "duplicate",
        "The duplicate is merged already: undo that merge first, if it was a mistake.",
    ),
    "merges_are_flat": Refusal(
        409,
        "merges_are_flat",
        "survivor",
        "Merges make no chains: the survivor is itself merged into somebody, or others are merged into the duplicate;"
        " merge each into the one that stays.",
    ),
    "approval_takes_a_second_person": Refusal(
        409, "needs_a_second_person", "reason", "Whoever proposed it cannot agree to it: ask a second person."
    ),
    "one_bands_version_per_number": Refusal(
        409, "drafted_meanwhile", "rows", "Other bands were drafted at this moment: send yours again."
    ),
    # Assets and shares
    "rights_datasetmember_pkey": _twice("members"),
    "asset_is_a_member_once": _twice("members"),
    "portion_is_a_part_of_the_recording": Refusal(
        422, "not_a_part", "portion", "A portion is a fraction of the recording: more than 0, and at most 1."
    ),
    "portion_ends_after_it_begins": Refusal(
        422, "ends_before_it_begins", "end_ms", "A time range ends after it begins; name both, or neither."
    ),
    "work_is_linked_once": Refusal(409, "already_linked", "work", "This work is in this recording already."),
    "voice_is_linked_once": Refusal(409, "already_linked", "voice", "This voice is in this recording already."),
    "voice_is_registered_once": Refusal(
        409, "voice_taken", "label", "This person has a voice with this label already."
    ),
    "one_text_per_work_and_language": Refusal(
        409, "text_taken", "language", "This work has its text in this language already."
    ),
    "one_release_per_icpn": Refusal(409, "icpn_taken", "icpn", "Another release has this ICPN."),
    "one_release_per_grid": Refusal(409, "grid_taken", "grid", "Another release has this GRid."),
    "one_model_per_provider_and_name": Refusal(
        409, "model_taken", "name", "This provider has a model of this name already."
    ),
    "one_version_per_model_and_label": Refusal(
        409, "version_taken", "label", "This model has a version with this label already."
    ),
    "rights_modelversionretirement_model_version_id_key": Refusal(
        409, "already_retired", "effective_on", "This version was retired before; that happens once."
    ),
}
