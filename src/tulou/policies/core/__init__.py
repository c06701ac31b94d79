"""The eligibility engine: plain Python and arrays, no framework; usable alone.

| to | call |
|---|---|
| read policies | `document.reading.load_policies(path)`, `read_policies(document)` -> `PolicySet` |
| read firms | `firms.files.FirmFile(path, catalogue)`, `.batches()` as columns, `.firms()` one by one |
| answer one pair | `rule.scalar.evaluate(policy.rule, facts, as_of, catalogue)` -> `Verdict` |
| answer all pairs | `engine.program.compile_policies(rules, catalogue, as_of)`, `.match(table)` -> `Bits` |
| answer a file | `engine.answering.Answering(policies, as_of)`, `.answer(batch)` -> Arrow batches |
| keep matches live | `engine.live.MatchTable`: `put_policy`, `put_firm`, `roll` -> `Changes`; `snapshot()` |
| say why | `explaining.explain(firm, policy, catalogue, as_of)` -> `Explanation` |
| ask | `asking.questions(firm, policies, as_of)`, `asking.tally(matched(firm, program), program)` |
| put in words | `rule.wording.lines(rule, catalogue)` |
| check | `lint.lint(policies, as_of)`, `lint.lint_policy`, `examples.try_examples`, `comparing.differences` |
| write | `document.dumping.dump_policies`, `document.schema.policy_schema`, `engine.sql.compile_sql` |
"""
