"""What went wrong, as the client reads it: one status, one stable code, one sentence (RFC 9457 problem details)."""

from __future__ import annotations

import logging
import re
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import IntegrityError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from fingerprint import voices as heard_voices
from fingerprint.advice import ErrorRateMissing
from fingerprint.audio import AudioRefused
from fingerprint.copies import NoLosslessCopy
from ledger import access as rights_to
from ledger import (
    activating,
    appealing,
    approvals,
    asking,
    banding,
    checkpoints,
    clearance,
    consenting,
    contributing,
    copying,
    coverage,
    disclosing,
    dividing,
    enrolling,
    erasure,
    exporting,
    holding,
    importing,
    incoming,
    influencing,
    licensing,
    objecting,
    opening,
    packing,
    paying,
    people,
    planning,
    previewing,
    rechecking,
    recognizing,
    registration,
    remitting,
    report,
    reversing,
    reviewing,
    running,
    stating,
    streams,
    transparency,
    usages,
)
from ledger import voices as enrolling_voices
from ledger.api import access, once, outputs, preferences, resolution, uploads
from ledger.api import log as proofs
from ledger.api import shares as asset_shares
from ledger.auditing import acting, drawing, noting, sampling, saving
from ledger.auditing import parameters as questions
from ledger.auditing import registry as audit_questions
from ledger.constraints import REFUSALS, violated
from ledger.statements import paper, remittances, transfers
from provenance import bindings, ern
from provenance import disclosures as derivations
from provenance.tags import NotACover
from rights import (
    assets,
    authority,
    bands,
    codes,
    conflicts,
    consents,
    contracts,
    datasets,
    describing,
    descriptions,
    identifiers,
    keys,
    making,
    mandates,
    mfn,
    parties,
    registry,
    shares,
    submissions,
    term_limits,
    territories,
    training,
    voices,
    wording,
)
from rights.exchange import cwr_out
from rights.exchange.mapping import BadMapping
from royalties import apportion, attributions, earnings, money, plans, splits, weighing
from royalties.usage.dsr import NotADsrFile
from royalties.usage.mapping import BadMapping as BadUsageMapping

log = logging.getLogger(__name__)

RETRY_SECONDS = 30  # after which something that was away, such as a key service, is asked again

# Exception → status and code. The sentence is the exception's message, else its docstring.
KNOWN: dict[type[Exception], tuple[int, str]] = {
    uploads.UploadTooLarge: (413, "upload_too_large"),
    uploads.LengthRequired: (411, "length_required"),
    TooManyFilesSent: (400, "one_file_only"),
    TooManyFieldsSent: (400, "too_many_fields"),
    RequestDataTooBig: (413, "body_too_large"),
    once.OtherContent: (409, "id_taken"),
    heard_voices.TooManyClips: (422, "too_many_clips"),
    heard_voices.TooLittleVoice: (422, "too_little_voice"),
    enrolling_voices.NoSuchEnrollment: (404, "no_such_enrollment"),
    enrolling_voices.EnrollmentEnded: (409, "enrollment_ended"),
    enrolling_voices.OfAnotherVoice: (422, "of_another_voice"),
    enrolling_voices.SameClipTwice: (422, "same_clip_twice"),
    enrolling_voices.ConsentMovedOn: (409, "consent_moved_on"),
    voices.NoSuchVoice: (404, "no_such_voice"),
    voices.NotConsentedToBeRecognized: (422, "not_consented_to_be_recognized"),
    clearance.NoSuchSubmission: (404, "no_such_submission"),
    making.ContradictoryRecord: (422, "contradictory_record"),
    derivations.NoSuchProfile: (404, "no_such_profile"),
    derivations.NothingDeclared: (404, "nothing_declared"),
    ern.NotAFragment: (422, "not_a_fragment"),
    ern.NoSuchSchema: (500, "no_such_schema"),
    disclosing.NotOurStatement: (422, "not_our_statement"),
    disclosing.SentInTheFuture: (422, "sent_in_the_future"),
    disclosing.AnsweredInTheFuture: (422, "answered_in_the_future"),
    contributing.NotDecidedYet: (409, "being_examined"),
    contributing.NothingCorrected: (422, "nothing_corrected"),
    contributing.CorrectedMeanwhile: (409, "corrected_meanwhile"),
    clearance.AlreadyDecided: (409, "already_decided"),
    registry.NotOneAsset: (422, "not_one_asset"),
    registry.NothingAllowed: (422, "nothing_allowed"),
    registry.NoSuchUse: (422, "no_such_use"),
    registry.EmptySchedule: (422, "empty_schedule"),
    registry.NotAPart: (422, "not_a_part"),
    splits.NotAPart: (422, "not_a_part"),
    identifiers.BadIsrc: (422, "bad_isrc"),
    identifiers.BadIswc: (422, "bad_iswc"),
    identifiers.BadCode: (422, "bad_code"),  # below the two that have a code of their own
    territories.NoSuchTerritory: (422, "no_such_territory"),
    territories.NoTerritory: (422, "no_territory"),
    submissions.ReleaseInThePast: (422, "release_in_the_past"),
    checkpoints.NoCheckpoint: (404, "no_checkpoint_yet"),
    packing.NoSuchPack: (404, "no_such_pack"),
    packing.PackNotMade: (404, "pack_not_made"),
    packing.PackExpired: (410, "pack_expired"),
    packing.NotYours: (404, "not_yours"),
    packing.NotAnAbout: (422, "not_an_about"),
    packing.NotACheckpointOfOurs: (422, "not_a_checkpoint_of_ours"),
    coverage.NotTheWhole: (403, "not_the_whole"),
    streams.NoSuchCheckpoint: (404, "no_such_checkpoint"),
    streams.Backwards: (422, "backwards"),
    streams.TooLong: (422, "too_long"),
    proofs.NoSuchTree: (404, "no_such_tree"),
    proofs.NoSuchLeaf: (404, "no_such_leaf"),
    report.NotDecided: (404, "not_decided_yet"),
    report.NotSigned: (404, "not_signed"),
    report.NotDivided: (404, "not_divided"),
    dividing.NothingDivided: (404, "not_divided"),
    dividing.BeforeItsRelease: (422, "before_its_release"),
    apportion.NothingToApportion: (409, "nothing_to_apportion"),
    apportion.TooFine: (422, "too_fine"),
    splits.NotAQuantity: (422, "not_a_quantity"),
    weighing.NotABlend: (422, "not_a_blend"),
    weighing.NoFallback: (422, "no_fallback"),
    plans.NotATerm: (422, "not_a_term"),
    plans.NotTiers: (422, "not_tiers"),
    planning.NoSuchPlanned: (404, "no_such_license"),
    planning.ReasonMissing: (422, "reason_missing"),
    planning.BeforeItsLicense: (422, "before_its_license"),
    planning.NotScheduled: (422, "not_scheduled"),
    planning.StatedMeanwhile: (409, "stated_meanwhile"),
    previewing.NothingRunYet: (409, "nothing_run_yet"),
    previewing.NotOfThisLicense: (422, "not_of_this_license"),
    previewing.TooManyOutputs: (422, "too_many_outputs"),
    attributions.NotAReport: (422, "not_a_report"),
    influencing.NothingNamed: (422, "nothing_named"),
    influencing.NotSaid: (422, "not_said"),
    licensing.NoSuchTrigger: (404, "no_such_trigger"),
    licensing.NotALiftOfPlan: (409, "not_a_lift_of_plan"),
    earnings.NotReleasedThere: (422, "not_released_there"),
    earnings.RateMissing: (422, "rate_missing"),
    earnings.RateOfOthers: (422, "rate_of_others"),
    money.UnknownCurrency: (422, "unknown_currency"),
    money.NotAnAmount: (422, "not_an_amount"),
    money.NotARate: (422, "not_a_rate"),
    money.BeyondMoney: (422, "beyond_money"),
    report.NoEvidence: (404, "no_evidence"),
    report.NothingClaimed: (404, "nothing_claimed"),
    copying.NothingToCopy: (409, "nothing_to_copy"),
    copying.SameContainer: (422, "same_container"),
    copying.AlreadyOrdered: (409, "already_ordered"),
    copying.NoSuchCopy: (404, "no_such_copy"),
    copying.CopyNotMade: (404, "copy_not_made"),
    NoLosslessCopy: (422, NoLosslessCopy.code),
    NotACover: (422, NotACover.code),
    report.NotSequenced: (404, "not_sequenced_yet"),
    report.NotCertified: (404, "not_certified_yet"),
    outputs.BadMoment: (422, "bad_moment"),
    stating.NoSuchManifest: (404, "no_such_manifest"),
    stating.ReasonSpeaksOtherwise: (422, "reason_speaks_otherwise"),
    stating.SuccessorMissing: (422, "successor_missing"),
    stating.SuccessorOutOfPlace: (422, "successor_out_of_place"),
    stating.EvidenceMissing: (422, "evidence_missing"),
    stating.NothingStated: (409, "nothing_stated"),
    stating.StatusChangedMeanwhile: (409, "status_changed_meanwhile"),
    stating.NeedsAnotherPerson: (409, "needs_a_second_person"),
    stating.OnlyTheOperator: (403, "only_the_operator"),
    report.NotYourOutput: (403, "not_your_output"),
    access.NoParty: (403, "no_party"),
    access.NoPerson: (403, "no_person"),
    rights_to.NotYourParty: (403, "not_your_party"),
    # Campaigns and preferences.
    preferences.NoCode: (422, "no_code"),
    preferences.TooManyCodes: (422, "too_many_codes"),
    # Soft bindings and manifests.
    resolution.QueryTooLong: (414, "query_too_long"),
    bindings.UnknownAlgorithm: (400, "unknown_algorithm"),
    bindings.BadValue: (400, "bad_value"),
    recognizing.NotAManifestId: (400, "not_a_manifest_id"),
    recognizing.NoSuchManifest: (404, "no_such_manifest"),
    recognizing.TooBusy: (503, "too_busy"),
    # Terms and licenses.
    licensing.NoSuchTerms: (422, "no_such_terms"),
    licensing.NothingSigned: (422, "nothing_signed"),
    licensing.NoSuchLicense: (404, "no_such_license"),
    licensing.AmendedBySigning: (422, "amended_by_signing"),
    contracts.ExclusivityClash: (409, "exclusivity_clash"),
    contracts.OtherDataInThisVersion: (409, "other_data_in_this_version"),
    contracts.NoSuchPurpose: (422, "no_such_purpose"),
    contracts.BadQuota: (422, "bad_quota"),
    contracts.WiderThanItsTerms: (422, "wider_than_its_terms"),
    contracts.NotTheSameParties: (422, "not_the_same_parties"),
    contracts.OutsideThePeriod: (422, "outside_the_period"),
    contracts.BeforeTheLastEvent: (422, "before_the_last_event"),
    mfn.NoSuchMeasure: (422, "no_such_measure"),
    mfn.NoSuchReferenceClass: (422, "no_such_reference_class"),
    wording.BadTerms: (422, "bad_terms"),
    wording.NoSuchLanguage: (422, "no_such_language"),
    wording.ClauseNotTranslated: (422, "clause_not_translated"),
    # Royalty runs, books and statements.
    running.NoSuchRun: (404, "no_such_run"),
    running.NotAPeriod: (422, "not_a_period"),
    running.NoSuchTimezone: (422, "no_such_timezone"),
    running.AnotherRunInWork: (409, "another_run_in_work"),
    running.PeriodPublished: (409, "period_published"),
    running.OutOfCourse: (409, "run_out_of_course"),
    running.NotPayable: (409, "payout_rate_missing"),
    paying.NotAFraction: (422, "not_a_fraction"),
    paying.NotAPeriod: (422, "not_a_period"),
    paying.NotAnAmount: (422, "not_an_amount"),
    paying.GroupWithoutAssets: (422, "group_without_assets"),
    paying.NotDeclared: (422, "not_declared"),
    paying.NotADeclaredPeriod: (422, "not_a_declared_period"),
    paying.NoSuchHold: (404, "no_such_hold"),
    paying.NothingOnHold: (409, "nothing_on_hold"),
    paying.MoreThanHeld: (422, "more_than_held"),
    paying.NobodyToRelease: (422, "nobody_to_release"),
    paying.NotPublished: (409, "not_published"),
    paying.NoSuchStatement: (404, "no_such_statement"),
    paying.NothingToRefund: (409, "nothing_to_refund"),
    paying.NotTheNewest: (409, "not_the_newest"),
    paying.NoShortfall: (409, "no_shortfall"),
    paper.NotWritten: (503, "pdf_not_written"),
    objecting.NoSuchObjection: (404, "no_such_objection"),
    objecting.TooLate: (409, "too_late"),
    objecting.ObjectedBefore: (409, "objected_before"),
    objecting.AnsweredBefore: (409, "answered_before"),
    objecting.NoReason: (422, "no_reason"),
    opening.NothingBetween: (409, "nothing_between"),
    opening.NotThatLong: (422, "not_that_long"),
    opening.NoSuchLink: (404, "no_such_payee_link"),
    opening.EndedBefore: (409, "link_ended_before"),
    audit_questions.NoSuchQuestion: (404, "no_such_question"),
    acting.NotAnAuditor: (403, "not_an_auditor"),
    acting.NoHouse: (403, "no_house"),
    noting.NoText: (422, "no_text"),
    sampling.NotASample: (422, "not_a_sample"),
    drawing.NoSuchItem: (404, "no_such_item"),
    drawing.NotOpen: (422, "not_open"),
    drawing.NothingWrong: (422, "nothing_wrong"),
    drawing.NotAnOwner: (422, "not_an_owner"),
    drawing.WentOn: (409, "went_on"),
    drawing.NotTheOwner: (403, "not_the_owner"),
    drawing.ClosedAlready: (409, "closed_already"),
    drawing.NoAnswer: (422, "no_answer"),
    saving.NoSuchSaved: (404, "no_such_saved_question"),
    saving.AlreadyEnded: (409, "already_ended"),
    saving.NotAName: (422, "not_a_name"),
    # Payments.
    transfers.NotAnAccount: (422, "not_an_account"),
    transfers.NothingToPay: (409, "nothing_to_pay"),
    transfers.NotAFile: (500, "not_a_payment_file"),
    remitting.NoPayersAccount: (409, "no_payers_account"),
    remitting.OrderedBefore: (409, "ordered_before"),
    remitting.AccountChanged: (409, "account_changed"),
    remitting.NoSuchFile: (404, "no_such_payment_file"),
    remittances.NotARemittance: (422, "not_a_remittance"),
    remittances.TooLarge: (413, "remittance_too_large"),
    # Influence and advice.
    ErrorRateMissing: (503, "error_rate_missing"),
    influencing.NoSuchInfluence: (404, "no_such_influence"),
    influencing.NothingWeighed: (422, "nothing_weighed"),
    influencing.TooManyWeights: (422, "too_many_weights"),
    influencing.NotAWeight: (422, "not_a_weight"),
    influencing.WeighedTwice: (422, "weighed_twice"),
    influencing.SideNotWhole: (422, "side_not_whole"),
    influencing.NotAConfidence: (422, "not_a_confidence"),
    influencing.ReportedBefore: (409, "reported_before"),
    influencing.ObjectedBefore: (409, "objected_before"),
    # Reviews, appeals and bands.
    reviewing.NoSuchDecision: (404, "no_such_decision"),
    reviewing.NotForReview: (409, "not_for_review"),
    reviewing.AlreadySettled: (409, "already_settled"),
    reviewing.ReviewedMeanwhile: (409, "reviewed_meanwhile"),
    reviewing.NeedsAnotherReviewer: (409, "needs_another_reviewer"),
    reviewing.ClaimedByAnother: (409, "claimed_by_another"),
    reviewing.ReasonSpeaksOtherwise: (422, "reason_speaks_otherwise"),
    reviewing.EvidenceMissing: (422, "evidence_missing"),
    reviewing.NobodyVouches: (403, "nobody_vouches"),
    reviewing.NotYourReview: (403, "not_your_review"),
    reviewing.StillStands: (409, "still_stands"),
    appealing.NoSuchAppeal: (404, "no_such_appeal"),
    appealing.NothingToAppeal: (409, "nothing_to_appeal"),
    appealing.NothingMeasured: (409, "nothing_measured"),
    appealing.AlreadyAppealed: (409, "already_appealed"),
    appealing.TooMuchEvidence: (422, "too_much_evidence"),
    appealing.EvidenceUnclear: (422, "evidence_unclear"),
    appealing.AlreadyAnswered: (409, "appeal_answered"),
    appealing.NeedsAnotherPerson: (409, "needs_another_reviewer"),
    appealing.AnsweredOtherwise: (422, "reason_speaks_otherwise"),
    appealing.AllowedTooLong: (422, "allowed_too_long"),
    rechecking.NoSuchDecision: (404, "no_such_decision"),
    rechecking.NothingToRepeat: (409, "nothing_to_repeat"),
    banding.NoSuchBands: (404, "no_such_bands"),
    banding.AlreadyDrafted: (409, "already_drafted"),
    banding.ShippedAlready: (409, "shipped_already"),
    activating.ActivatedBackwards: (422, "activated_backwards"),
    bands.BadBands: (422, "bad_bands"),
    # Clearances.
    asking.NothingAsked: (422, "nothing_asked"),
    asking.TooManyAssets: (422, "too_many_assets"),
    asking.KnownInTheFuture: (422, "known_in_the_future"),
    asking.NoSuchPurpose: (422, "no_such_purpose"),
    asking.NoSuchModelVersion: (422, "no_such_model_version"),
    submissions.NoSuchModelVersion: (422, "no_such_model_version"),
    asking.NoSuchLicensee: (422, "no_such_licensee"),
    # Imports.
    enrolling.NoSuchStore: (422, "no_such_store"),
    enrolling.NotYourFolder: (403, "not_your_folder"),
    enrolling.NoSuchFolder: (422, "no_such_folder"),
    enrolling.BadMapping: (422, "bad_mapping"),
    enrolling.NoSuchEnrollment: (404, "no_such_enrollment"),
    registration.HasAudio: (409, "has_audio"),
    usages.NoSuchReport: (404, "no_such_report"),
    usages.AlreadyFinished: (409, "already_finished"),
    usages.MessageTwice: (409, "message_twice"),
    usages.MappingNeeded: (422, "mapping_missing"),
    usages.MappingNotNeeded: (422, "mapping_not_needed"),
    usages.SenderNeeded: (422, "sender_missing"),
    usages.NotReplaceable: (409, "not_replaceable"),
    usages.NotBooked: (409, "not_booked"),
    usages.NotAnOutputOfThePayer: (422, "not_an_output_of_the_payer"),
    usages.MatchedMeanwhile: (409, "matched_meanwhile"),
    usages.NotACode: (422, "not_a_code"),
    NotADsrFile: (422, "not_a_dsr_file"),
    BadUsageMapping: (422, "bad_mapping"),
    importing.NoSuchImport: (404, "no_such_import"),
    importing.AlreadyTaken: (409, "already_taken"),
    importing.BeingTaken: (409, "being_taken"),
    importing.NotOver: (409, "not_over"),
    incoming.MappingMissing: (422, "mapping_missing"),
    incoming.MappingOfAnotherFormat: (422, "mapping_of_another_format"),
    BadMapping: (422, "bad_mapping"),
    cwr_out.BadHeading: (422, "bad_heading"),
    cwr_out.DoesNotFit: (422, "does_not_fit"),
    cwr_out.NothingToWrite: (422, "nothing_to_write"),
    exporting.NoSenderNumber: (422, "no_sender_number"),
    exporting.TooManyWorks: (422, "too_many_works"),
    reversing.NothingTaken: (409, "nothing_taken"),
    reversing.AlreadyReversed: (409, "already_reversed"),
    # Consents and reservations.
    consenting.NoSuchConsent: (404, "no_such_consent"),
    consenting.NoSuchReservation: (404, "no_such_reservation"),
    consenting.NoSuchTask: (404, "no_such_task"),
    consenting.AlreadyWithdrawn: (409, "already_withdrawn"),
    consenting.OutOfCourse: (409, "consent_out_of_course"),
    consenting.AlreadyLifted: (409, "already_lifted"),
    consenting.AlreadyDone: (409, "task_already_done"),
    consenting.WithdrawalReachesBack: (422, "withdrawal_reaches_back"),
    consenting.NoticeTooShort: (422, "notice_too_short"),
    consenting.AmendmentReachesBack: (422, "amendment_reaches_back"),
    consenting.LiftReachesBack: (422, "lift_reaches_back"),
    consenting.OtherHolder: (422, "other_holder"),
    consenting.OverridesOthers: (422, "overrides_others"),
    consenting.ProofMissing: (422, "proof_missing"),
    authority.UnauthorizedAct: (422, "unauthorized_act"),
    mandates.NotTheirVoice: (422, "not_their_voice"),
    term_limits.TermTooLong: (422, "term_too_long"),
    term_limits.EvidenceMissing: (422, "evidence_missing"),
    term_limits.DescriptionMissing: (422, "description_missing"),
    consents.NothingListed: (422, "nothing_listed"),
    consents.TooManyAssets: (422, "too_many_assets"),
    consents.NoSuchPurpose: (422, "no_such_purpose"),
    consents.NoSuchRole: (422, "no_such_role"),
    consents.OneLicenseeOrARole: (422, "one_licensee_or_a_role"),
    consents.NotAnInfluence: (422, "not_an_influence"),
    # Parties.
    parties.NoSuchParty: (404, "no_such_party"),
    parties.NoSuchUse: (422, "no_such_use"),
    parties.NotACountry: (422, "not_a_country"),
    parties.NotAPerson: (422, "not_a_person"),
    parties.Erased: (409, "erased"),
    parties.NotSealedYet: (409, "not_sealed_yet"),
    keys.KeyServiceAway: (503, "key_service_away"),
    transparency.BeingSummedUp: (202, "being_summed_up"),
    codes.NotOneThing: (422, "not_one_thing"),
    codes.WrongThing: (422, "wrong_thing"),
    people.NoSuchCode: (404, "no_such_code"),
    people.NoSuchRepresentation: (404, "no_such_representation"),
    people.AlreadyEnded: (409, "already_ended"),
    people.EndsBeforeItBegan: (422, "ends_before_it_begins"),
    people.NoSuchMerge: (404, "no_such_merge"),
    people.AlreadyUndone: (409, "already_undone"),
    approvals.NoSuchProposal: (404, "no_such_proposal"),
    approvals.AlreadyAnswered: (409, "already_answered"),
    approvals.NeedsASecondPerson: (409, "needs_a_second_person"),
    erasure.NoSuchRequest: (404, "no_such_request"),
    erasure.AlreadyAsked: (409, "already_asked"),
    erasure.NotAskedFor: (409, "not_asked_for"),
    # Assets and shares
    assets.PortionsBeyondTheWhole: (422, "portions_beyond_the_whole"),
    assets.TimesHalfKnown: (422, "times_half_known"),
    assets.VoiceOfAPersonOnly: (422, "voice_of_a_person_only"),
    assets.NotALanguage: (422, "not_a_language"),
    assets.ExclusionUnclear: (422, "exclusion_unclear"),
    datasets.MembersNotPermitted: (422, "members_not_permitted"),
    descriptions.NotAHolder: (422, "not_a_holder"),
    describing.NotAGenre: (422, "not_a_genre"),
    describing.NotALanguage: (422, "not_a_language"),
    describing.NotARegion: (422, "not_a_region"),
    describing.NotAYear: (422, "not_a_year"),
    describing.TooManyWords: (422, "too_many_words"),
    training.StatementUnclear: (422, "statement_unclear"),
    registration.StatedMeanwhile: (409, "stated_meanwhile"),
    transparency.NotKnownThen: (404, "not_known_then"),
    transparency.AsksTheFuture: (422, "asks_the_future"),
    assets.NothingInTheDataset: (422, "nothing_in_the_dataset"),
    assets.TooManyMembers: (422, "too_many_members"),
    assets.TrainingUndated: (422, "training_undated"),
    assets.NotLicensedThroughout: (422, "not_licensed_throughout"),
    shares.NotARole: (422, "not_a_role"),
    shares.WrittenOtherwise: (422, "written_otherwise"),
    shares.EndsOutsideItsPeriod: (422, "ends_outside_its_period"),
    shares.AlreadyRetracted: (409, "already_retracted"),
    shares.SucceedsAnother: (422, "succeeds_another"),
    asset_shares.NotYourPosition: (403, "not_your_position"),
    holding.NoSuchShare: (404, "no_such_share"),
    holding.AlreadyEnded: (409, "already_ended"),
    conflicts.NoSuchConflict: (404, "no_such_conflict"),
    conflicts.NotAClaimant: (403, "not_a_claimant"),
    conflicts.AlreadySettled: (409, "already_settled"),
    conflicts.NothingSaid: (422, "nothing_said"),
    conflicts.NothingToAccept: (409, "nothing_to_accept"),
    conflicts.SettledByShares: (422, "settled_by_shares"),
}

# Table of a list's rows → the field that the list was given in.
FIELDS = {
    "rights_ingredient": "ingredients",
    "rights_contribution": "contributions",
    "rights_contributionact": "contributions",
    "rights_recordingwork": "works",
    "rights_licenseasset": "schedule",
    "rights_licensemodelversion": "model_versions",
    "rights_consentasset": "assets",
    "rights_consentoverride": "overrides",
    "rights_releaserecording": "recordings",
    "rights_datasetmember": "members",
    "rights_datasetexclusion": "exclusions",
    "rights_traininglicense": "licenses",
    "rights_influenceweight": "weights",
}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:  # noqa: ARG001 - DRF's signature
    """Turn an exception into a problem; None lets what nobody foresaw become a logged 500."""
    if isinstance(error, AudioRefused):
        return _problem(error.status, error.code, _sentence(error))
    for kind, (status, code) in KNOWN.items():
        if isinstance(error, kind):
            return _problem(status, code, _sentence(error))
    if isinstance(error, rights_to.NotYours):
        return _unknown(error.field)
    if isinstance(error, questions.BadParameter):
        return _problem(422, "bad_parameter", str(error), fields={error.field: [str(error)]})
    if isinstance(error, IntegrityError):
        return _refused_by_database(error)
    if isinstance(error, Http404):
        return _problem(404, "not_found", "There is nothing at this address, or it is not yours to see.")
    if isinstance(error, PermissionDenied):
        return _problem(403, "not_allowed", "This login may not do that.")
    if isinstance(error, exceptions.ValidationError):
        detail = error.detail if isinstance(error.detail, dict) else {"body": error.detail}
        return _problem(400, "malformed", "Some fields are missing or malformed.", fields=detail)
    if isinstance(error, exceptions.APIException):
        codes = error.get_codes()
        answer = _problem(error.status_code, codes if isinstance(codes, str) else "refused", str(error.detail))
        for name, value in (
            ("WWW-Authenticate", getattr(error, "auth_header", None)),
            ("Retry-After", _wait(error)),
        ):
            if value:
                answer[name] = value
        return answer
    return None


def _wait(error: exceptions.APIException) -> str | None:
    wait = getattr(error, "wait", None)
    return str(int(wait)) if wait else None


def _sentence(error: Exception) -> str:
    text = str(error) or " ".join((type(error).__doc__ or "").split())
    return text[:1].upper() + text[1:]


def _refused_by_database(error: IntegrityError) -> Response | None:
    name = violated(error) or ""
    if refusal := REFUSALS.get(name):
        fields = {refusal.field: [refusal.sentence]}
        return _problem(refusal.status, refusal.code, refusal.sentence, fields=fields)
    if name.endswith("_pkey"):
        return _problem(409, "id_taken", _sentence(once.OtherContent()))
    diagnosis = getattr(error.__cause__, "diag", None)
    detail = getattr(diagnosis, "message_detail", None) or ""
    if getattr(diagnosis, "sqlstate", None) == "23503" and (column := re.search(r"Key \((\w+)\)=", detail)):
        table = getattr(diagnosis, "table_name", None) or ""
        return _unknown(FIELDS.get(table, column[1].removesuffix("_id")))
    log.error("a write was refused by the constraint %s, which has no sentence", name)
    return None


def _unknown(field: str) -> Response:
    return _problem(422, "unknown_reference", _sentence(rights_to.NotYours(field)), fields={field: ["unknown"]})


def _problem(status: int, code: str, detail: str, *, fields: Any = None) -> Response:
    body = {"status": status, "code": code, "detail": detail}
    if fields is not None:
        body["fields"] = fields
    answer = Response(body, status=status, content_type="application/problem+json")
    if status in {202, 503}:
        answer["Retry-After"] = str(RETRY_SECONDS)
    return answer
