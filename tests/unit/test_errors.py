from sundog.errors import InputError, SimulationError


def test_message_names_shows_expects_and_remedies():
    error = InputError("cutoff: too short", got="3 Å", expected="above 4.5 Å", remedy="Use 12 Å")
    assert str(error) == "cutoff: too short (got 3 Å). Expected above 4.5 Å. Use 12 Å."


def test_exit_codes_tell_wrong_input_from_a_failed_run():
    assert InputError("a").exit_code == 2
    assert SimulationError("a").exit_code == 3
