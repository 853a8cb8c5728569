"""What machines may do by themselves: earned by evidence, measured, revocable.

`evidence` takes outcomes in, `levels` moves automations up and down, `stops` stops them, `drills` tries whether that works, `overview`
shows all of it.
"""
