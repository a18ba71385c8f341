"""Who gives which command in which state, from domain.md 3.5 and the notices:
the second statement of the lifecycles, for policy.py."""

# The command, the states it starts from, who.
# @above: a level above the one that files the row, county or more.
MOVES = """
archive_file
  check             kept                                 township_lead dept_lead lead_bureau task_force
  return            kept/checked                         township_lead dept_lead lead_bureau task_force
  resubmit          returned                             village_admin township_clerk dept_clerk lead_bureau task_force
asset
  title             formed                               finance township_clerk township_lead lead_bureau village_admin village_lead dept_lead
  transfer          titled                               dept_clerk dept_lead lead_bureau
  custody           transferred                          finance township_clerk township_lead lead_bureau village_admin village_lead dept_clerk dept_lead
  mark_inefficient  in_use/idle                          finance township_clerk township_lead lead_bureau village_admin village_lead dept_clerk dept_lead
  mark_idle         in_use/inefficient                   finance township_clerk township_lead lead_bureau village_admin village_lead dept_clerk dept_lead
  revive            inefficient/idle                     finance township_clerk township_lead lead_bureau village_admin village_lead dept_clerk dept_lead
asset_disposal
  propose           draft                                finance township_clerk township_lead lead_bureau village_admin village_lead dept_clerk dept_lead
  decide            proposed                             finance township_clerk township_lead lead_bureau village_admin village_lead dept_clerk dept_lead
  approve           decided                              township_lead finance dept_lead lead_bureau
  return            proposed/decided/approved            township_lead finance dept_lead lead_bureau
  execute           approved                             finance township_clerk township_lead lead_bureau village_admin village_lead dept_clerk dept_lead
  account           disposed                             finance township_clerk township_lead village_lead lead_bureau
classification_case
  village_opine     draft                                village_lead
  township_opine    village_prelim                       township_lead
  self_check        township_determined                  village_admin village_lead township_clerk
  evaluate          township_determined/self_checked     dept_lead lead_bureau
  file              dept_evaluated                       lead_bureau
  confirm           filed                                task_force
  determine         filed/task_force_opined              county_authority
  opine             filed/county_determined              task_force
  take_effect       task_force_opined/county_determined  task_force
  make_plan         effective                            township_lead
  close             executing                            task_force
  return            village_prelim                       township_lead
  dept_return       township_determined/self_checked     dept_clerk dept_lead lead_bureau
  bureau_return     dept_evaluated                       lead_bureau
  county_return     filed                                county_authority task_force
  force_return      county_determined/task_force_opined  task_force
  new_round         effective/closed                     township_lead township_clerk task_force
evaluation
  conclude_county      draft                             dept_lead lead_bureau
  conclude_prefecture  draft                             pref_dept
  conclude_province    draft                             province
filing_review
  review            submitted                            pref_dept pref_task_force
  return            reviewed                             pref_dept pref_task_force
  file              reviewed                             pref_dept pref_task_force
  resubmit          returned                             lead_bureau task_force
form_response
  sign_survey       draft                                village_admin village_lead township_clerk township_lead lead_bureau task_force helper resident_group
  sign_review       surveyed                             village_lead township_clerk township_lead
  file              surveyed/reviewed                    township_clerk lead_bureau task_force
  edit              surveyed/reviewed/filed              village_admin village_lead township_clerk township_lead lead_bureau task_force helper resident_group
fund_replacement
  arrange           ordered                              finance
  pay               arranged                             finance
  verify            paid                                 county_authority pref_dept pref_task_force
  void              ordered/arranged/paid                county_authority pref_dept pref_task_force
issue
  assign            found                                township_clerk township_lead lead_bureau task_force
  plan              assigned                             @responsible
  start             planned                              @responsible
  fix_on_spot       found/assigned                       @responsible
  complete          rectifying                           @responsible
  accept            completed                            @acceptor
  reject            completed                            @acceptor
  close             accepted                             @acceptor
  self_close        completed                            @self
  suspend           rectifying                           county_authority
  void              found/assigned/planned/rectifying/completed/accepted/suspended  @above
  merge             found/assigned/planned/rectifying/completed/accepted/suspended  task_force lead_bureau
  reopen            closed/suspended                     lead_bureau task_force county_authority pref_dept
library_entry
  declare           draft                                village_lead
  review            village_declared                     township_lead
  check             township_reviewed                    dept_clerk lead_bureau
  finance_review    township_reviewed                    finance
  dept_review       township_reviewed                    dept_lead
  admit             dept_reviewed                        county_authority
  agree_funds       admitted                             finance
  plan              admitted                             lead_bureau
  return            village_declared                     township_lead
  dept_return       township_reviewed                    dept_lead finance
  county_return     dept_reviewed                        county_authority
  list_removal      admitted/planned                     lead_bureau
  remove            admitted/planned                     county_authority
  re_declare        removed                              village_admin village_lead
supervision_order
  issue             draft                                task_force lead_bureau dept_lead county_authority patrol_group pref_dept pref_task_force province special_group war_zone
  receive           issued                               village_admin village_lead township_clerk township_lead dept_clerk dept_lead lead_bureau task_force operator_user
  reply             received/escalated                   village_admin village_lead township_clerk township_lead dept_clerk dept_lead lead_bureau task_force operator_user
  verify_ok         replied                              task_force lead_bureau dept_lead county_authority patrol_group pref_dept pref_task_force province special_group war_zone
  return            replied                              task_force lead_bureau dept_lead county_authority patrol_group pref_dept pref_task_force province special_group war_zone
  escalate          issued/received                      @above county_authority pref_task_force
accountability_case
  investigate       opened                               discipline
  decide            investigating                        discipline
  close             decided                              discipline
  reopen            decided/closed                       discipline
rectification_plan
  submit            draft                                dept_clerk dept_lead township_clerk township_lead lead_bureau
  approve           submitted                            dept_lead township_lead lead_bureau task_force
  return            submitted                            dept_lead township_lead lead_bureau task_force
  record            approved                             province pref_task_force pref_dept
  execute           approved                             dept_clerk dept_lead township_clerk township_lead lead_bureau
  finish            executing                            dept_lead township_lead lead_bureau
rectification_task
  start             open                                 village_admin village_lead township_clerk township_lead dept_clerk dept_lead lead_bureau
  finish            doing                                village_admin village_lead township_clerk township_lead dept_clerk dept_lead lead_bureau
  verify            done                                 township_lead dept_lead lead_bureau task_force
  reject            done                                 township_lead dept_lead lead_bureau task_force
  cancel            open/doing/done                      township_lead dept_lead lead_bureau task_force
project
  declare           planned                              village_admin township_clerk dept_clerk
  approve           declared                             county_authority
  start             approved                             dept_clerk township_clerk operator_user
  change_content    in_progress                          dept_lead
  complete          in_progress                          dept_clerk township_clerk operator_user
  request_acceptance completed                           dept_clerk township_clerk operator_user
  accept            completed                            dept_lead
  fail_accept       completed/accepted                   dept_lead
  check_settlement  accepted                             finance
  settle            accepted                             dept_clerk
  hand_over         settled                              dept_lead
  transfer          settled                              village_lead township_lead dept_lead lead_bureau finance
  operate           transferred/settled                  village_lead township_lead dept_lead lead_bureau
  mark_idle         operating                            township_clerk task_force
  revive            idle                                 township_clerk task_force
  eliminate         idle/operating                       task_force
  cancel            planned/declared                     township_lead dept_lead lead_bureau
  take_up           planned                              lead_bureau task_force
ranking_run
  compute           draft/computed                       lead_bureau task_force county_authority pref_dept pref_task_force
  revise            computed/published/objections_closed lead_bureau task_force county_authority pref_dept pref_task_force
  publish           computed                             lead_bureau task_force county_authority pref_dept pref_task_force
  close_objections  published                            lead_bureau task_force county_authority pref_dept pref_task_force
  adjust            objections_closed                    county_authority pref_task_force pref_dept province
  apply             adjusted                             county_authority pref_task_force pref_dept province
report_obligation
  mark_missing      not_reported/returned                lead_bureau task_force pref_task_force
  exempt            not_reported/returned                lead_bureau task_force pref_task_force
  demand            exempt/not_reported                  lead_bureau task_force pref_task_force
report_submission
  sign              open/returned                        village_lead township_lead dept_lead lead_bureau county_authority pref_dept pref_task_force
  submit            open/returned                        village_admin village_lead township_clerk township_lead dept_clerk dept_lead lead_bureau task_force finance patrol_group pref_dept pref_task_force evaluator resident_group special_group war_zone
  review            submitted                            @above lead_bureau task_force
  return            submitted/accepted                   @above lead_bureau task_force
  consolidate       accepted                             lead_bureau task_force county_authority pref_dept pref_task_force province
  send              consolidated                         lead_bureau task_force county_authority pref_dept pref_task_force province
risk_milestone
  meet              open                                 task_force
risk_episode
  confirm_red       suspected                            task_force
  confirm_yellow    suspected                            task_force
  confirm_green     suspected                            task_force
  start_rectify     confirmed_red/confirmed_yellow/reopened  dept_lead lead_bureau
  escalate          confirmed_yellow/rectifying          task_force
  self_evaluate     rectifying                           task_force dept_lead lead_bureau
  apply             self_evaluated                       task_force dept_lead lead_bureau
  precheck          applied                              pref_task_force
  review_docs       applied                              province pref_task_force task_force
  site_eval         doc_reviewed                         province pref_task_force task_force
  downgrade         site_evaluated                       province pref_task_force task_force
  return            applied/doc_reviewed/site_evaluated  province pref_task_force task_force
  spot_check_fail   downgraded                           pref_task_force pref_dept
  correct_amount    confirmed_red/confirmed_yellow/confirmed_green/rectifying  task_force
  reassess          confirmed_green/downgraded           task_force
"""


def lifecycles():
    """entity → command → (states, who)"""
    out, now = {}, None
    for line in MOVES.split("\n"):
        word = line.split()
        if line and not line.startswith(" "):
            now = out.setdefault(word[0], {})
        elif word:
            now[word[0]] = (word[1].split("/"), word[2:])
    return out


LIVES = lifecycles()
