"""Clients, people, signing keys, and what must not be used twice."""

from alembic import op

revision = "issuer_0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
create table issuer.client (
    client_id text primary key check (client_id ~ '^[a-z0-9][a-z0-9._-]{1,62}$'),
    name text not null,
    auth_method text not null check (auth_method in ('tls_client_auth', 'private_key_jwt', 'none')),
    subject text,
    thumbprints text[] not null default '{}',
    jwks jsonb,
    scopes text[] not null default '{}',
    redirect_uris text[] not null default '{}',
    created_at timestamptz not null,
    revoked_at timestamptz,
    check (auth_method <> 'private_key_jwt' or jwks is not null),
    check (auth_method = 'none' or subject is not null or cardinality(thumbprints) > 0)
);
create table issuer.person (
    login text primary key check (login ~ '^[a-z0-9][a-z0-9._-]{1,62}$'),
    name text not null,
    password_hash text not null,
    roles text[] not null,
    division text check (division ~ '^[0-9]{2,12}$'),
    sig_jkt text,
    created_at timestamptz not null,
    revoked_at timestamptz
);
create table issuer.signing_key (
    kid text primary key,
    public jsonb not null,
    sealed text not null,
    signs_from timestamptz not null unique,
    signs_until timestamptz not null check (signs_until > signs_from),
    published_until timestamptz not null check (published_until > signs_until)
);
comment on column issuer.signing_key.sealed is 'private key, encrypted with the data key';
create table issuer.used_assertion (
    client_id text not null,
    jti text not null,
    expires_at timestamptz not null,
    primary key (client_id, jti)
);
create table issuer.login_failure (
    login text primary key,
    failures integer not null,
    last_at timestamptz not null
);
create table issuer.code (
    hash text primary key,
    client_id text not null references issuer.client,
    login text not null references issuer.person,
    redirect_uri text not null,
    challenge text not null,
    scope text not null,
    nonce text,
    authenticated_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    family uuid not null
);
create table issuer.refresh_token (
    hash text primary key,
    family uuid not null,
    client_id text not null references issuer.client,
    login text not null references issuer.person,
    scope text not null,
    authenticated_at timestamptz not null,
    access_jti text not null,
    access_until timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    revoked_at timestamptz
);
create index refresh_token_family on issuer.refresh_token (family);
comment on table issuer.code is 'single use; the hash only, never the code';
"""

# The command line is a public client: it has no secret, a loopback address, and PKCE (RFC 8252).
_COMMAND_LINE = """
insert into issuer.client (client_id, name, auth_method, scopes, redirect_uris, created_at)
values ('anxin-cli', 'Anxin command line', 'none', '{}', '{http://127.0.0.1/callback,http://[::1]/callback}', now())
"""


def upgrade() -> None:
    op.execute(_TABLES)
    op.execute(_COMMAND_LINE)
