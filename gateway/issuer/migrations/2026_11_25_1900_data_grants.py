"""Grants: which agency may hand in or use which dataset, why, by whose leave, and until when."""

from alembic import op

revision = "issuer_2026_11_25_1900"
down_revision = "issuer_0001"
branch_labels = None
depends_on = None

_TABLES = """
create table issuer.data_grant (
    grant_id uuid primary key,
    agency text not null references issuer.client,
    dataset text not null check (dataset ~ '^[a-z][a-z0-9_]{0,62}$'),
    direction text not null check (direction in ('provide', 'use')),
    scopes text[] not null check (cardinality(scopes) > 0),
    origin text not null check (origin in ('request', 'operator')),
    purpose text not null,
    legal_basis text not null,
    sharing text check (sharing in ('U', 'C', 'N')),
    state text not null check (state in ('requested', 'approved', 'refused', 'revoked', 'expired')),
    requested_by text not null,
    requested_at timestamptz not null,
    reply_due_on date,
    decided_by text,
    decided_at timestamptz,
    decision_reason text,
    deliver_by date,
    valid_from timestamptz not null,
    valid_to timestamptz check (valid_to > valid_from),
    ended_by text,
    ended_at timestamptz,
    end_reason text,
    -- Four eyes, whatever the program says. An operator at the machine is on record as one.
    check (origin = 'operator' or decided_by is null or decided_by <> requested_by),
    check (origin = 'operator' or valid_to is not null),
    check ((state = 'requested') = (decided_by is null)),
    check ((state in ('revoked', 'expired')) = (ended_at is not null))
);
create index data_grant_by_agency on issuer.data_grant (agency, dataset);
create index data_grant_in_force on issuer.data_grant (valid_to) where state = 'approved';
comment on table issuer.data_grant is 'who may hand in or use what; rows change state and are never deleted';

create table issuer.known_dataset (
    dataset text primary key,
    label_zh text not null,
    label_en text not null,
    department text not null,
    sharing text not null check (sharing in ('U', 'C', 'N')),
    legal_basis text not null,
    until date,
    announced_at timestamptz not null
);
comment on table issuer.known_dataset is 'the catalogue as ingest announced it last';
"""

# What agencies were given at registration, before there was a register of grants.
_KNOWN = """
insert into issuer.data_grant (grant_id, agency, dataset, direction, scopes, origin, purpose, legal_basis, state,
    requested_by, requested_at, decided_by, decided_at, valid_from)
select gen_random_uuid(), client_id, split_part(scope, ':', 2), 'provide', array[scope], 'operator',
    '登记时授予 given at registration', '见数据目录 see the catalogue', 'approved',
    'operator:migration', created_at, 'operator:migration', created_at, created_at
from issuer.client, unnest(scopes) as scope
where scope ~ '^ingest:[a-z][a-z0-9_]{0,62}$' and revoked_at is null
"""


def upgrade() -> None:
    """Create them, and take over what was given before."""
    op.execute(_TABLES)
    op.execute(_KNOWN)
