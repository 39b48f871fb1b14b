"""The addresses of the contest."""

from django.urls import path

from cygnet.site.contest.views import account, organising, reading, submissions, teams

PREFIX = "challenge/"
app_name = "contest"
urlpatterns = [
    path("", reading.overview, name="overview"),
    path("rules/", reading.rules, name="rules"),
    path("rules/accept/", teams.accept, name="accept"),
    path("board/", reading.board, name="board"),
    path("team/", teams.team, name="team"),
    path("team/invite/", teams.invite, name="invite"),
    path("team/join/<str:secret>/", teams.join, name="join"),
    path("team/leave/", teams.leave, name="leave"),
    path("team/merge/", teams.offer, name="offer"),
    path("team/merge/<uuid:offer_id>/", teams.take_offer, name="take-offer"),
    path("team/statement/", teams.statement, name="statement"),
    path("submit/", submissions.send, name="submit"),
    path("submissions/", submissions.mine, name="submissions"),
    path("submissions/select/", submissions.select, name="select"),
    path("submissions/<uuid:submission_id>/", submissions.submission, name="submission"),
    path("submissions/<uuid:submission_id>/file/", submissions.download, name="download"),
    path("organise/", organising.organise, name="organise"),
    path("organise/teams/", organising.teams, name="organise-teams"),
    path("organise/teams/<uuid:team_id>/", organising.mark, name="organise-mark"),
    path("organise/people/", organising.people, name="organise-people"),
    path("organise/write/", organising.write, name="organise-write"),
    path("organise/rescore/", organising.rescore, name="organise-rescore"),
    path("tokens/", account.tokens, name="tokens"),
    path("tokens/<uuid:token_id>/revoke/", account.revoke, name="revoke"),
    path("time-zone/", account.zone, name="zone"),
]
