# Check everything that can be checked before any job starts; report all problems at once.
#
# This is a hook and no rule: as a rule it would be upstream of every job, and a new row in the sheet
# would run the whole cohort again (or, marked `ancient`, could hide jobs that are due).


onstart:
    note_run()
    if not workflow.deployment_settings.deployment_method:
        tell_untested_tools()
    fetch_inputs(plan, workflow.async_run)
    check_inputs(plan)
