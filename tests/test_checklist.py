"""What must hold for recipients, item by item: the tests that try to break it, and those of the permitted case.

The items are the project's own rules of consent, disclosure and withdrawal; whoever renames or removes a test of one
finds it missing here.
"""

import re
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).resolve().parent
DEFINED: Final = re.compile(r"^def (test_\w+)", re.MULTILINE)

# The rule, what must not happen, and the twin in which what is allowed does.
CHECKLIST: Final[tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]] = (
    (
        "Without permission a copy carries no picture and no click link; where nothing is on, bytes in = bytes out",
        ("test_without_permission_bytes_in_are_bytes_out", "test_grounds_that_cannot_be_read_leave_the_mail_alone"),
        ("test_with_permission_the_same_mail_carries_both",),
    ),
    (
        "Opens and clicks are consented to separately; reading time and place need boxes and words of their own",
        (
            "test_reading_time_and_place_say_nothing_by_themselves",
            "test_reading_time_needs_a_box_of_its_own",
            "test_without_the_permission_nothing_is_derived",
        ),
        ("test_opens_and_clicks_are_allowed_separately", "test_with_the_permission_both_are"),
    ),
    (
        "A consent request carries no picture and no tracked link",
        ("test_a_question_carries_no_picture_and_no_tracked_link",),
        ("test_with_permission_the_same_mail_carries_both",),
    ),
    (
        "Consent is given only by POST from a page with an explicit button; tokens cannot be derived from others",
        (
            "test_consent_is_given_only_by_post_from_a_page_with_an_explicit_button",
            "test_consent_tokens_cannot_be_derived_from_other_tokens",
            "test_machines_that_follow_every_link_grant_nothing",
        ),
        ("test_a_yes_tells_the_desktop_what_was_chosen_and_shown",),
    ),
    (
        "Silence means no; the same person is not asked again for 180 days",
        ("test_5_the_same_person_is_not_asked_again_for_180_days", "test_nobody_is_asked_twice_by_itself"),
        ("test_by_hand_a_person_is_asked_again_after_180_days",),
    ),
    (
        "The ledger is append-only and hash-chained; one flipped byte fails verification; no grant after a withdrawal",
        (
            "test_6_verify_names_the_row_with_the_flipped_byte",
            "test_6_none_is_accepted_after_a_no_except_from_the_person",
        ),
        (
            "test_6_verify_says_that_a_sound_record_holds",
            "test_6_a_yes_on_the_page_is_recorded_with_purpose_wording_language_method_and_time",
        ),
    ),
    (
        "A visible line names the purposes that are on, the sender and the stop link; without it tracking is off",
        ("test_without_its_line_a_copy_is_not_tracked", "test_pages_that_hide_the_line"),
        ("test_line_names_the_purposes_that_are_on", "test_ordinary_pages_hide_nothing"),
    ),
    (
        "The stop page needs no login, script, cookie or third party, and one POST; a GET never stops or grants",
        (
            "test_the_stop_page_is_one_form_without_scripts_cookies_or_third_parties",
            "test_looking_at_the_stop_page_stops_nothing",
            "test_no_list_unsubscribe_header_is_added",
        ),
        ("test_a_stop_twice_is_a_stop", "test_every_page_serves_everybody"),
    ),
    (
        "After a stop, any token of that pair stores nothing, earlier mails included; links still redirect",
        ("test_after_the_stop_nothing_of_that_tag_is_stored_and_links_still_redirect",),
        ("test_a_stop_leaves_other_tags_alone",),
    ),
    (
        "The app learns of the stop and cannot silently re-enable; stop links live on and survive key rotation",
        (
            "test_a_stop_on_old_mail_holds_at_the_present_channel",
            "test_a_stop_holds_after_the_desktop_was_restored_from_an_older_copy",
        ),
        ("test_stop_links_survive_key_rotation", "test_a_yes_after_a_no_begins_a_new_generation"),
    ),
    (
        "Do-not-track lists (address, domain, pattern, import) are consulted before minting",
        ("test_lists_are_consulted_before_minting", "test_11_lists_are_consulted_by_address_domain_and_pattern"),
        ("test_11_the_twin_who_is_on_no_list_is_not_named",),
    ),
    (
        "Sec-GPC: 1 or DNT: 1: nothing stored; the well-known files are served",
        ("test_who_asks_not_to_be_recorded_gets_the_same_and_is_not_stored",),
        ("test_who_does_not_ask_is_stored", "test_gpc_json_security_txt_and_robots_txt_are_served"),
    ),
    (
        "Networks are labelled, then truncated; a planted address is found nowhere; times to the minute, or the day",
        ("test_the_relay_betrays_no_mark", "test_13_a_strict_profile_keeps_only_the_day"),
        ("test_truncation_keeps_24_or_48_bits", "test_13_the_twin_otherwise_times_are_kept_to_the_minute"),
    ),
    (
        "Unfetched hits stay 14 days at most, tokens are accepted for 90 days, raw hits as long as the user sets",
        (
            "test_hits_unread_for_14_days_leave_a_day_only_gap",
            "test_an_expired_link_redirects_and_is_not_stored",
            "test_14_raw_hits_go_after_the_time_the_user_sets",
        ),
        (
            "test_a_token_of_90_days_is_still_stored",
            "test_14_the_twin_what_is_younger_stays_and_nothing_is_told",
            "test_a_stop_link_never_expires",
        ),
    ),
    (
        "The recipient's page says what is recorded, and takes a wish to delete, which relay and app carry out",
        (
            "test_looking_deletes_and_stops_nothing",
            "test_15_the_twin_what_comes_after_the_wish_and_what_is_others_stays",
        ),
        (
            "test_the_page_says_what_is_recorded_what_cannot_be_known_and_how_long",
            "test_deletion_takes_the_unread_of_that_recipient_at_once_and_tells_the_desktop",
            "test_15_deletion_is_carried_out_by_the_senders_app_as_a_duty",
        ),
    ),
    (
        "Per person: complete export, and erase that leaves only a keyed suppression hash",
        ("test_16_erase_leaves_only_a_keyed_suppression_hash_in_no_file",),
        ("test_16_the_twin_what_was_not_erased_is_still_found", "test_16_a_person_is_exported_as_json"),
    ),
    (
        "Who holds the relay's database, secrets and logs recovers nothing of planted mails",
        ("test_the_relay_betrays_no_mark", "test_the_desktop_names_nobody_outside_its_store"),
        ("test_every_mark_is_recovered_from_a_leaky_relay",),
    ),
    (
        "A header on tracked mail names the tracker and the stop link in a form a filter can read",
        ("test_untracked_mail_has_no_such_header",),
        ("test_a_header_names_the_tracker_and_the_stop_link", "test_a_tracked_copy_says_so_in_its_header"),
    ),
    (
        "A Trust screen shows what the relay holds for this user, fetched and decrypted there and then",
        ("test_19_what_the_relay_sees_names_nobody", "test_nothing_of_a_look_is_kept"),
        ("test_19_what_the_relay_holds_is_fetched_and_opened_there_and_then",),
    ),
)


@pytest.fixture(scope="module")
def defined() -> frozenset[str]:
    """Return the name of every test in the tree, read and not run."""
    files = TESTS.rglob("test_*.py")
    return frozenset(name for path in files for name in DEFINED.findall(path.read_text("utf-8")))


def test_each_item_has_its_tests_and_their_twins(defined: frozenset[str]) -> None:
    """Nineteen items, each with tests that exist and twins that are others of them."""
    assert len(CHECKLIST) == 19
    for rule, must_not, may in CHECKLIST:
        missing = {*must_not, *may} - defined
        assert not missing, f"{rule}: {missing}"
        assert must_not, rule
        assert may, rule
        assert not set(must_not) & set(may), rule


def test_a_test_that_is_gone_would_be_missed(defined: frozenset[str]) -> None:
    """A name that no test has is not among them; this one's is."""
    assert "test_that_nobody_wrote" not in defined
    assert "test_a_test_that_is_gone_would_be_missed" in defined
