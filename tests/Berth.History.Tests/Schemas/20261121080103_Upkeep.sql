--
-- PostgreSQL database dump
--

\restrict ICNnfceza79K2dVAhQXvb0AHdBOUHcfF7KbMsNyj96j2fDc1BS0qY6anddbMcOq

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: berth; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA berth;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alerts; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.alerts (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    name text NOT NULL,
    severity text NOT NULL,
    subject text NOT NULL,
    message text NOT NULL,
    detail jsonb,
    resolved_at timestamp with time zone,
    acknowledged_by text
);


--
-- Name: approvals; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.approvals (
    uid text NOT NULL COLLATE pg_catalog."C",
    namespace text NOT NULL,
    name text NOT NULL,
    task_uid text NOT NULL COLLATE pg_catalog."C",
    task_name text NOT NULL,
    run integer NOT NULL,
    attempt text COLLATE pg_catalog."C",
    workspace text NOT NULL,
    digest text COLLATE pg_catalog."C",
    decision text NOT NULL,
    approver text NOT NULL,
    comment text,
    created_at timestamp with time zone NOT NULL,
    verdict text,
    verdict_message text,
    verdict_at timestamp with time zone
);


--
-- Name: artifact_chunks; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.artifact_chunks (
    blob uuid NOT NULL,
    number integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    data bytea NOT NULL
);
ALTER TABLE ONLY berth.artifact_chunks ALTER COLUMN data SET STORAGE EXTERNAL;


--
-- Name: artifact_links; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.artifact_links (
    attempt text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL,
    path text NOT NULL,
    task_uid text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    size bigint NOT NULL,
    created_at timestamp with time zone NOT NULL
);


--
-- Name: artifacts; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.artifacts (
    digest text NOT NULL COLLATE pg_catalog."C",
    blob uuid NOT NULL,
    size bigint NOT NULL,
    stored_size bigint NOT NULL,
    chunks integer NOT NULL,
    created_at timestamp with time zone NOT NULL
);


--
-- Name: attempts; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.attempts (
    id text NOT NULL COLLATE pg_catalog."C",
    task_uid text NOT NULL COLLATE pg_catalog."C",
    run integer NOT NULL,
    kind text NOT NULL,
    pod text NOT NULL,
    pod_uid text NOT NULL,
    slot integer NOT NULL,
    node text,
    node_boot_id text,
    runner_boot bigint NOT NULL,
    epoch bigint NOT NULL,
    leader text,
    ordered_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    exit_code integer,
    outcome text,
    fenced_by text,
    cpu_seconds double precision,
    max_memory_bytes bigint
);


--
-- Name: audit; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.audit (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    verb text NOT NULL,
    kind text NOT NULL,
    namespace text,
    name text,
    uid text COLLATE pg_catalog."C",
    outcome text NOT NULL,
    detail jsonb
)
PARTITION BY RANGE (at);


--
-- Name: audit_202611; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.audit_202611 (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    verb text NOT NULL,
    kind text NOT NULL,
    namespace text,
    name text,
    uid text COLLATE pg_catalog."C",
    outcome text NOT NULL,
    detail jsonb
);


--
-- Name: audit_202612; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.audit_202612 (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    verb text NOT NULL,
    kind text NOT NULL,
    namespace text,
    name text,
    uid text COLLATE pg_catalog."C",
    outcome text NOT NULL,
    detail jsonb
);


--
-- Name: audit_202701; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.audit_202701 (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    verb text NOT NULL,
    kind text NOT NULL,
    namespace text,
    name text,
    uid text COLLATE pg_catalog."C",
    outcome text NOT NULL,
    detail jsonb
);


--
-- Name: audit_202702; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.audit_202702 (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    verb text NOT NULL,
    kind text NOT NULL,
    namespace text,
    name text,
    uid text COLLATE pg_catalog."C",
    outcome text NOT NULL,
    detail jsonb
);


--
-- Name: audit_default; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.audit_default (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    verb text NOT NULL,
    kind text NOT NULL,
    namespace text,
    name text,
    uid text COLLATE pg_catalog."C",
    outcome text NOT NULL,
    detail jsonb
);


--
-- Name: checkpoints; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.checkpoints (
    attempt text NOT NULL COLLATE pg_catalog."C",
    number integer NOT NULL,
    task_uid text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    size bigint NOT NULL,
    created_at timestamp with time zone NOT NULL
);


--
-- Name: log_chunks; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.log_chunks (
    attempt text NOT NULL COLLATE pg_catalog."C",
    start_offset bigint NOT NULL,
    day date NOT NULL,
    size integer NOT NULL,
    data bytea NOT NULL
)
PARTITION BY RANGE (day);
ALTER TABLE ONLY berth.log_chunks ALTER COLUMN data SET STORAGE EXTERNAL;


--
-- Name: log_chunks_202611; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.log_chunks_202611 (
    attempt text NOT NULL COLLATE pg_catalog."C",
    start_offset bigint NOT NULL,
    day date NOT NULL,
    size integer NOT NULL,
    data bytea NOT NULL
);
ALTER TABLE ONLY berth.log_chunks_202611 ALTER COLUMN data SET STORAGE EXTERNAL;


--
-- Name: log_chunks_202612; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.log_chunks_202612 (
    attempt text NOT NULL COLLATE pg_catalog."C",
    start_offset bigint NOT NULL,
    day date NOT NULL,
    size integer NOT NULL,
    data bytea NOT NULL
);
ALTER TABLE ONLY berth.log_chunks_202612 ALTER COLUMN data SET STORAGE EXTERNAL;


--
-- Name: log_chunks_202701; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.log_chunks_202701 (
    attempt text NOT NULL COLLATE pg_catalog."C",
    start_offset bigint NOT NULL,
    day date NOT NULL,
    size integer NOT NULL,
    data bytea NOT NULL
);
ALTER TABLE ONLY berth.log_chunks_202701 ALTER COLUMN data SET STORAGE EXTERNAL;


--
-- Name: log_chunks_202702; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.log_chunks_202702 (
    attempt text NOT NULL COLLATE pg_catalog."C",
    start_offset bigint NOT NULL,
    day date NOT NULL,
    size integer NOT NULL,
    data bytea NOT NULL
);
ALTER TABLE ONLY berth.log_chunks_202702 ALTER COLUMN data SET STORAGE EXTERNAL;


--
-- Name: log_chunks_default; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.log_chunks_default (
    attempt text NOT NULL COLLATE pg_catalog."C",
    start_offset bigint NOT NULL,
    day date NOT NULL,
    size integer NOT NULL,
    data bytea NOT NULL
);
ALTER TABLE ONLY berth.log_chunks_default ALTER COLUMN data SET STORAGE EXTERNAL;


--
-- Name: logs; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.logs (
    attempt text NOT NULL COLLATE pg_catalog."C",
    task_uid text NOT NULL COLLATE pg_catalog."C",
    day date NOT NULL,
    received bigint NOT NULL,
    stored bigint NOT NULL,
    complete boolean NOT NULL,
    dropped bigint NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    merged boolean DEFAULT false NOT NULL
);


--
-- Name: purged_tasks; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.purged_tasks (
    uid text NOT NULL COLLATE pg_catalog."C",
    acknowledged bigint NOT NULL,
    purged_at timestamp with time zone NOT NULL,
    swept boolean DEFAULT true NOT NULL
);


--
-- Name: schema_migrations; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.schema_migrations (
    "MigrationId" character varying(150) NOT NULL,
    "ProductVersion" character varying(32) NOT NULL
);


--
-- Name: tasks; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.tasks (
    uid text NOT NULL COLLATE pg_catalog."C",
    namespace text NOT NULL,
    name text NOT NULL,
    workspace text NOT NULL,
    pool text NOT NULL,
    type text NOT NULL,
    requested_by text,
    priority integer NOT NULL,
    phase text NOT NULL,
    reason text,
    message text,
    run integer NOT NULL,
    plan_summary text,
    approved_by text,
    created_at timestamp with time zone NOT NULL,
    queued_at timestamp with time zone,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    deleted_at timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    spec jsonb NOT NULL,
    status jsonb NOT NULL,
    status_seq bigint NOT NULL,
    acknowledged bigint NOT NULL,
    max_seq bigint NOT NULL
)
WITH (fillfactor='80', autovacuum_vacuum_scale_factor='0.05');


--
-- Name: transitions; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.transitions (
    uid text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    run integer NOT NULL,
    from_phase text,
    to_phase text NOT NULL,
    signal text NOT NULL,
    reason text NOT NULL,
    message text,
    actor text,
    slot text,
    attempt integer,
    epoch bigint NOT NULL
)
PARTITION BY RANGE (at);


--
-- Name: transitions_202611; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.transitions_202611 (
    uid text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    run integer NOT NULL,
    from_phase text,
    to_phase text NOT NULL,
    signal text NOT NULL,
    reason text NOT NULL,
    message text,
    actor text,
    slot text,
    attempt integer,
    epoch bigint NOT NULL
);


--
-- Name: transitions_202612; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.transitions_202612 (
    uid text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    run integer NOT NULL,
    from_phase text,
    to_phase text NOT NULL,
    signal text NOT NULL,
    reason text NOT NULL,
    message text,
    actor text,
    slot text,
    attempt integer,
    epoch bigint NOT NULL
);


--
-- Name: transitions_202701; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.transitions_202701 (
    uid text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    run integer NOT NULL,
    from_phase text,
    to_phase text NOT NULL,
    signal text NOT NULL,
    reason text NOT NULL,
    message text,
    actor text,
    slot text,
    attempt integer,
    epoch bigint NOT NULL
);


--
-- Name: transitions_202702; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.transitions_202702 (
    uid text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    run integer NOT NULL,
    from_phase text,
    to_phase text NOT NULL,
    signal text NOT NULL,
    reason text NOT NULL,
    message text,
    actor text,
    slot text,
    attempt integer,
    epoch bigint NOT NULL
);


--
-- Name: transitions_default; Type: TABLE; Schema: berth; Owner: -
--

CREATE TABLE berth.transitions_default (
    uid text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    run integer NOT NULL,
    from_phase text,
    to_phase text NOT NULL,
    signal text NOT NULL,
    reason text NOT NULL,
    message text,
    actor text,
    slot text,
    attempt integer,
    epoch bigint NOT NULL
);


--
-- Name: view_approvals; Type: VIEW; Schema: berth; Owner: -
--

CREATE VIEW berth.view_approvals AS
 SELECT approvals.created_at,
    approvals.verdict_at,
    approvals.namespace,
    approvals.workspace,
    approvals.task_name,
    approvals.task_uid,
    approvals.decision,
    approvals.approver,
    approvals.verdict,
    approvals.comment,
    (EXTRACT(epoch FROM (approvals.verdict_at - approvals.created_at)))::double precision AS verdict_seconds
   FROM berth.approvals;


--
-- Name: view_attempts; Type: VIEW; Schema: berth; Owner: -
--

CREATE VIEW berth.view_attempts AS
 SELECT a.id,
    a.task_uid,
    a.run,
    a.kind,
    a.pod,
    a.pod_uid,
    a.slot,
    a.node,
    a.node_boot_id,
    a.runner_boot,
    a.epoch,
    a.leader,
    a.ordered_at,
    a.started_at,
    a.ended_at,
    a.exit_code,
    a.outcome,
    a.fenced_by,
    a.cpu_seconds,
    a.max_memory_bytes,
    k.namespace,
    k.name,
    k.workspace,
    k.pool,
    (EXTRACT(epoch FROM (a.started_at - a.ordered_at)))::double precision AS start_seconds,
    (EXTRACT(epoch FROM (a.ended_at - a.started_at)))::double precision AS run_seconds
   FROM (berth.attempts a
     JOIN berth.tasks k ON ((k.uid = a.task_uid)));


--
-- Name: view_audit; Type: VIEW; Schema: berth; Owner: -
--

CREATE VIEW berth.view_audit AS
 SELECT audit.at,
    audit.actor,
    audit.verb,
    audit.kind,
    audit.namespace,
    audit.name,
    audit.uid,
    audit.outcome,
    audit.detail
   FROM berth.audit;


--
-- Name: view_daily; Type: VIEW; Schema: berth; Owner: -
--

CREATE VIEW berth.view_daily AS
 SELECT (date_trunc('day'::text, (tasks.created_at AT TIME ZONE 'UTC'::text)) AT TIME ZONE 'UTC'::text) AS day,
    tasks.namespace,
    tasks.workspace,
    tasks.pool,
    tasks.phase,
    count(*) AS tasks
   FROM berth.tasks
  GROUP BY ((date_trunc('day'::text, (tasks.created_at AT TIME ZONE 'UTC'::text)) AT TIME ZONE 'UTC'::text)), tasks.namespace, tasks.workspace, tasks.pool, tasks.phase;


--
-- Name: view_reasons; Type: VIEW; Schema: berth; Owner: -
--

CREATE VIEW berth.view_reasons AS
 SELECT (date_trunc('day'::text, (t.at AT TIME ZONE 'UTC'::text)) AT TIME ZONE 'UTC'::text) AS day,
    k.namespace,
    k.workspace,
    k.pool,
    t.to_phase AS phase,
    t.reason,
    count(*) AS times
   FROM (berth.transitions t
     JOIN berth.tasks k ON ((k.uid = t.uid)))
  WHERE ((t.reason <> ''::text) AND (t.to_phase <> 'Succeeded'::text))
  GROUP BY ((date_trunc('day'::text, (t.at AT TIME ZONE 'UTC'::text)) AT TIME ZONE 'UTC'::text)), k.namespace, k.workspace, k.pool, t.to_phase, t.reason;


--
-- Name: view_stays; Type: VIEW; Schema: berth; Owner: -
--

CREATE VIEW berth.view_stays AS
 SELECT t.uid,
    k.namespace,
    k.workspace,
    k.pool,
    t.run,
    t.to_phase AS phase,
    t.reason,
    t.at AS since,
    lead(t.at) OVER (PARTITION BY t.uid ORDER BY t.seq) AS until,
    (EXTRACT(epoch FROM (lead(t.at) OVER (PARTITION BY t.uid ORDER BY t.seq) - t.at)))::double precision AS seconds
   FROM (berth.transitions t
     JOIN berth.tasks k ON ((k.uid = t.uid)));


--
-- Name: view_storage; Type: VIEW; Schema: berth; Owner: -
--

CREATE VIEW berth.view_storage AS
 SELECT c.relname AS table_name,
    pg_total_relation_size((c.oid)::regclass) AS bytes,
    (GREATEST(c.reltuples, (0)::real))::bigint AS rows_estimate
   FROM (pg_class c
     JOIN pg_namespace n ON ((n.oid = c.relnamespace)))
  WHERE ((n.nspname = 'berth'::name) AND (c.relkind = 'r'::"char"));


--
-- Name: view_success; Type: VIEW; Schema: berth; Owner: -
--

CREATE VIEW berth.view_success AS
 SELECT (date_trunc('day'::text, (tasks.finished_at AT TIME ZONE 'UTC'::text)) AT TIME ZONE 'UTC'::text) AS day,
    tasks.namespace,
    tasks.workspace,
    tasks.pool,
    count(*) AS ended,
    count(*) FILTER (WHERE (tasks.phase = 'Succeeded'::text)) AS succeeded,
    ((count(*) FILTER (WHERE (tasks.phase = 'Succeeded'::text)))::double precision / (count(*))::double precision) AS rate
   FROM berth.tasks
  WHERE (tasks.finished_at IS NOT NULL)
  GROUP BY ((date_trunc('day'::text, (tasks.finished_at AT TIME ZONE 'UTC'::text)) AT TIME ZONE 'UTC'::text)), tasks.namespace, tasks.workspace, tasks.pool;


--
-- Name: view_tasks; Type: VIEW; Schema: berth; Owner: -
--

CREATE VIEW berth.view_tasks AS
 SELECT tasks.uid,
    tasks.namespace,
    tasks.name,
    tasks.workspace,
    tasks.pool,
    tasks.type,
    tasks.requested_by,
    tasks.approved_by,
    tasks.phase,
    tasks.reason,
    tasks.run,
    tasks.plan_summary,
    tasks.created_at,
    tasks.queued_at,
    tasks.started_at,
    tasks.finished_at,
    (EXTRACT(epoch FROM (tasks.started_at - tasks.created_at)))::double precision AS wait_seconds,
    (EXTRACT(epoch FROM (tasks.finished_at - tasks.created_at)))::double precision AS total_seconds,
        CASE
            WHEN (tasks.finished_at IS NOT NULL) THEN ((tasks.phase = 'Succeeded'::text))::integer
            ELSE NULL::integer
        END AS succeeded
   FROM berth.tasks;


--
-- Name: view_transitions; Type: VIEW; Schema: berth; Owner: -
--

CREATE VIEW berth.view_transitions AS
 SELECT t.at,
    t.uid,
    k.namespace,
    k.name,
    k.workspace,
    k.pool,
    t.seq,
    t.run,
    t.from_phase,
    t.to_phase,
    t.signal,
    t.reason,
    t.message,
    t.actor,
    t.slot
   FROM (berth.transitions t
     JOIN berth.tasks k ON ((k.uid = t.uid)));


--
-- Name: view_waits; Type: VIEW; Schema: berth; Owner: -
--

CREATE VIEW berth.view_waits AS
 SELECT (date_trunc('day'::text, (s.since AT TIME ZONE 'UTC'::text)) AT TIME ZONE 'UTC'::text) AS day,
    s.namespace,
    s.workspace,
    s.pool,
    s.phase,
    count(*) AS stays,
    avg(s.seconds) AS mean_seconds,
    percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY s.seconds) AS p50_seconds,
    percentile_cont((0.95)::double precision) WITHIN GROUP (ORDER BY s.seconds) AS p95_seconds,
    max(s.seconds) AS max_seconds
   FROM berth.view_stays s
  WHERE (s.seconds IS NOT NULL)
  GROUP BY ((date_trunc('day'::text, (s.since AT TIME ZONE 'UTC'::text)) AT TIME ZONE 'UTC'::text)), s.namespace, s.workspace, s.pool, s.phase;


--
-- Name: audit_202611; Type: TABLE ATTACH; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.audit ATTACH PARTITION berth.audit_202611 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');


--
-- Name: audit_202612; Type: TABLE ATTACH; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.audit ATTACH PARTITION berth.audit_202612 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');


--
-- Name: audit_202701; Type: TABLE ATTACH; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.audit ATTACH PARTITION berth.audit_202701 FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2027-02-01 00:00:00+00');


--
-- Name: audit_202702; Type: TABLE ATTACH; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.audit ATTACH PARTITION berth.audit_202702 FOR VALUES FROM ('2027-02-01 00:00:00+00') TO ('2027-03-01 00:00:00+00');


--
-- Name: audit_default; Type: TABLE ATTACH; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.audit ATTACH PARTITION berth.audit_default DEFAULT;


--
-- Name: log_chunks_202611; Type: TABLE ATTACH; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.log_chunks ATTACH PARTITION berth.log_chunks_202611 FOR VALUES FROM ('2026-11-01') TO ('2026-12-01');


--
-- Name: log_chunks_202612; Type: TABLE ATTACH; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.log_chunks ATTACH PARTITION berth.log_chunks_202612 FOR VALUES FROM ('2026-12-01') TO ('2027-01-01');


--
-- Name: log_chunks_202701; Type: TABLE ATTACH; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.log_chunks ATTACH PARTITION berth.log_chunks_202701 FOR VALUES FROM ('2027-01-01') TO ('2027-02-01');


--
-- Name: log_chunks_202702; Type: TABLE ATTACH; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.log_chunks ATTACH PARTITION berth.log_chunks_202702 FOR VALUES FROM ('2027-02-01') TO ('2027-03-01');


--
-- Name: log_chunks_default; Type: TABLE ATTACH; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.log_chunks ATTACH PARTITION berth.log_chunks_default DEFAULT;


--
-- Name: transitions_202611; Type: TABLE ATTACH; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.transitions ATTACH PARTITION berth.transitions_202611 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');


--
-- Name: transitions_202612; Type: TABLE ATTACH; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.transitions ATTACH PARTITION berth.transitions_202612 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');


--
-- Name: transitions_202701; Type: TABLE ATTACH; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.transitions ATTACH PARTITION berth.transitions_202701 FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2027-02-01 00:00:00+00');


--
-- Name: transitions_202702; Type: TABLE ATTACH; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.transitions ATTACH PARTITION berth.transitions_202702 FOR VALUES FROM ('2027-02-01 00:00:00+00') TO ('2027-03-01 00:00:00+00');


--
-- Name: transitions_default; Type: TABLE ATTACH; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.transitions ATTACH PARTITION berth.transitions_default DEFAULT;


--
-- Data for Name: alerts; Type: TABLE DATA; Schema: berth; Owner: -
--

INSERT INTO berth.alerts (id, at, name, severity, subject, message, detail, resolved_at, acknowledged_by) VALUES ('01a1fd2c-181d-7139-aa9e-45982c4577c9', '2026-11-03 10:00:00+00', 'Told', 'warning', 'old-open', 'somebody was told', NULL, NULL, NULL);


--
-- Data for Name: approvals; Type: TABLE DATA; Schema: berth; Owner: -
--

INSERT INTO berth.approvals (uid, namespace, name, task_uid, task_name, run, attempt, workspace, digest, decision, approver, comment, created_at, verdict, verdict_message, verdict_at) VALUES ('approval-1', 'team-a', 'ok', 'old-done', 'old-done', 1, NULL, 'prod', NULL, 'Approve', 'alice', NULL, '2026-11-03 10:00:00+00', NULL, NULL, NULL);


--
-- Data for Name: artifact_chunks; Type: TABLE DATA; Schema: berth; Owner: -
--

INSERT INTO berth.artifact_chunks (blob, number, created_at, data) VALUES ('01a1fd2c-1729-7344-8ca5-cf9c12afb427', 0, '2026-11-21 08:14:47.632694+00', '\x0074686520706c616e206f6620616e206f6c6465722076657273696f6e');


--
-- Data for Name: artifact_links; Type: TABLE DATA; Schema: berth; Owner: -
--

INSERT INTO berth.artifact_links (attempt, kind, path, task_uid, digest, size, created_at) VALUES ('old-open-1', 'Plan', 'plan.bin', 'old-open', 'sha256:e466b87799f1cb05ab2abf8b08720028213dcbad6a1a909cd5a81bb37745cb7e', 28, '2026-11-21 08:14:47.694498+00');


--
-- Data for Name: artifacts; Type: TABLE DATA; Schema: berth; Owner: -
--

INSERT INTO berth.artifacts (digest, blob, size, stored_size, chunks, created_at) VALUES ('sha256:e466b87799f1cb05ab2abf8b08720028213dcbad6a1a909cd5a81bb37745cb7e', '01a1fd2c-1729-7344-8ca5-cf9c12afb427', 28, 29, 1, '2026-11-21 08:14:47.673942+00');


--
-- Data for Name: attempts; Type: TABLE DATA; Schema: berth; Owner: -
--

INSERT INTO berth.attempts (id, task_uid, run, kind, pod, pod_uid, slot, node, node_boot_id, runner_boot, epoch, leader, ordered_at, started_at, ended_at, exit_code, outcome, fenced_by, cpu_seconds, max_memory_bytes) VALUES ('old-done-1', 'old-done', 0, 'Plan', 'pool-a', 'pod-1', 0, NULL, NULL, 0, 0, NULL, '2026-11-03 10:00:00+00', NULL, NULL, NULL, 'Succeeded', NULL, NULL, NULL);
INSERT INTO berth.attempts (id, task_uid, run, kind, pod, pod_uid, slot, node, node_boot_id, runner_boot, epoch, leader, ordered_at, started_at, ended_at, exit_code, outcome, fenced_by, cpu_seconds, max_memory_bytes) VALUES ('old-open-1', 'old-open', 0, 'Plan', 'pool-a', 'pod-1', 0, NULL, NULL, 0, 0, NULL, '2026-11-03 10:00:00+00', NULL, NULL, NULL, 'Succeeded', NULL, NULL, NULL);


--
-- Data for Name: audit_202611; Type: TABLE DATA; Schema: berth; Owner: -
--

INSERT INTO berth.audit_202611 (id, at, actor, verb, kind, namespace, name, uid, outcome, detail) VALUES ('01a1fd2c-184b-7c26-86ef-ce1212f6d46e', '2026-11-03 10:00:00+00', 'alice', 'approve', 'Task', NULL, NULL, 'old-done', 'Accepted', NULL);


--
-- Data for Name: audit_202612; Type: TABLE DATA; Schema: berth; Owner: -
--



--
-- Data for Name: audit_202701; Type: TABLE DATA; Schema: berth; Owner: -
--



--
-- Data for Name: audit_202702; Type: TABLE DATA; Schema: berth; Owner: -
--



--
-- Data for Name: audit_default; Type: TABLE DATA; Schema: berth; Owner: -
--



--
-- Data for Name: checkpoints; Type: TABLE DATA; Schema: berth; Owner: -
--

INSERT INTO berth.checkpoints (attempt, number, task_uid, digest, size, created_at) VALUES ('old-open-1', 1, 'old-open', 'sha256:e466b87799f1cb05ab2abf8b08720028213dcbad6a1a909cd5a81bb37745cb7e', 28, '2026-11-21 08:14:47.771077+00');


--
-- Data for Name: log_chunks_202611; Type: TABLE DATA; Schema: berth; Owner: -
--

INSERT INTO berth.log_chunks_202611 (attempt, start_offset, day, size, data) VALUES ('old-done-1', 0, '2026-11-21', 11, '\x006669727374206c696e650a');
INSERT INTO berth.log_chunks_202611 (attempt, start_offset, day, size, data) VALUES ('old-done-1', 11, '2026-11-21', 12, '\x007365636f6e64206c696e650a');
INSERT INTO berth.log_chunks_202611 (attempt, start_offset, day, size, data) VALUES ('old-open-1', 0, '2026-11-21', 11, '\x006669727374206c696e650a');
INSERT INTO berth.log_chunks_202611 (attempt, start_offset, day, size, data) VALUES ('old-open-1', 11, '2026-11-21', 12, '\x007365636f6e64206c696e650a');


--
-- Data for Name: log_chunks_202612; Type: TABLE DATA; Schema: berth; Owner: -
--



--
-- Data for Name: log_chunks_202701; Type: TABLE DATA; Schema: berth; Owner: -
--



--
-- Data for Name: log_chunks_202702; Type: TABLE DATA; Schema: berth; Owner: -
--



--
-- Data for Name: log_chunks_default; Type: TABLE DATA; Schema: berth; Owner: -
--



--
-- Data for Name: logs; Type: TABLE DATA; Schema: berth; Owner: -
--

INSERT INTO berth.logs (attempt, task_uid, day, received, stored, complete, dropped, updated_at, merged) VALUES ('old-done-1', 'old-done', '2026-11-21', 23, 23, true, 0, '2026-11-21 08:14:47.41043+00', false);
INSERT INTO berth.logs (attempt, task_uid, day, received, stored, complete, dropped, updated_at, merged) VALUES ('old-open-1', 'old-open', '2026-11-21', 23, 23, true, 0, '2026-11-21 08:14:47.557944+00', false);


--
-- Data for Name: purged_tasks; Type: TABLE DATA; Schema: berth; Owner: -
--



--
-- Data for Name: schema_migrations; Type: TABLE DATA; Schema: berth; Owner: -
--

INSERT INTO berth.schema_migrations ("MigrationId", "ProductVersion") VALUES ('20261121044141_Initial', '10.0.14');
INSERT INTO berth.schema_migrations ("MigrationId", "ProductVersion") VALUES ('20261121045803_StatisticsViews', '10.0.14');
INSERT INTO berth.schema_migrations ("MigrationId", "ProductVersion") VALUES ('20261121050858_PurgedTasks', '10.0.14');
INSERT INTO berth.schema_migrations ("MigrationId", "ProductVersion") VALUES ('20261121080103_Upkeep', '10.0.14');


--
-- Data for Name: tasks; Type: TABLE DATA; Schema: berth; Owner: -
--

INSERT INTO berth.tasks (uid, namespace, name, workspace, pool, type, requested_by, priority, phase, reason, message, run, plan_summary, approved_by, created_at, queued_at, started_at, finished_at, deleted_at, updated_at, spec, status, status_seq, acknowledged, max_seq) VALUES ('old-done', 'team-a', 'old-done', 'prod', 'small', 'PlanAndApply', 'bob', 0, 'Succeeded', 'Because', NULL, 1, NULL, NULL, '2026-11-03 10:00:00+00', NULL, NULL, '2026-11-03 11:00:00+00', NULL, '2026-11-21 08:14:46.210743+00', '{"plan": {"command": ["plan"], "describe": "Text"}, "type": "PlanAndApply", "retry": {"limit": 3, "backoff": {}}, "stuck": {"action": "Alert"}, "poolRef": {"name": "small"}, "priority": 0, "recovery": {"resetLimit": 3, "onApplyLost": "Hold", "onReservationLost": "ReReserve"}, "workspace": "prod", "requestedBy": "bob", "desiredState": "Running"}', '{"run": 1, "phase": "Succeeded", "losses": 0, "reason": "Because", "resets": 0, "history": {"seq": 3, "entries": [], "acknowledged": 0}, "attempts": 0, "failures": 0, "conditions": [], "finishedAt": "2026-11-03T11:00:00Z", "observedRequeue": 0, "observedGeneration": 0}', 3, 3, 3);
INSERT INTO berth.tasks (uid, namespace, name, workspace, pool, type, requested_by, priority, phase, reason, message, run, plan_summary, approved_by, created_at, queued_at, started_at, finished_at, deleted_at, updated_at, spec, status, status_seq, acknowledged, max_seq) VALUES ('old-open', 'team-a', 'old-open', 'prod', 'small', 'PlanAndApply', 'bob', 0, 'ApplyPending', 'Because', NULL, 1, NULL, NULL, '2026-11-03 10:00:00+00', NULL, NULL, NULL, NULL, '2026-11-21 08:14:47.439425+00', '{"plan": {"command": ["plan"], "describe": "Text"}, "type": "PlanAndApply", "retry": {"limit": 3, "backoff": {}}, "stuck": {"action": "Alert"}, "poolRef": {"name": "small"}, "priority": 0, "recovery": {"resetLimit": 3, "onApplyLost": "Hold", "onReservationLost": "ReReserve"}, "workspace": "prod", "requestedBy": "bob", "desiredState": "Running"}', '{"run": 1, "phase": "ApplyPending", "losses": 0, "reason": "Because", "resets": 0, "history": {"seq": 3, "entries": [], "acknowledged": 0}, "attempts": 0, "failures": 0, "conditions": [], "observedRequeue": 0, "observedGeneration": 0}', 3, 3, 3);


--
-- Data for Name: transitions_202611; Type: TABLE DATA; Schema: berth; Owner: -
--

INSERT INTO berth.transitions_202611 (uid, seq, at, run, from_phase, to_phase, signal, reason, message, actor, slot, attempt, epoch) VALUES ('old-done', 1, '2026-11-03 10:00:01.123456+00', 1, NULL, 'Planning', 'Signal1', 'Because', 'message of 1: ü ''"\ 漢', NULL, 'pod-a/1', NULL, 7);
INSERT INTO berth.transitions_202611 (uid, seq, at, run, from_phase, to_phase, signal, reason, message, actor, slot, attempt, epoch) VALUES ('old-done', 2, '2026-11-03 10:00:02.123456+00', 1, 'Pending', 'Planning', 'Signal2', 'Because', 'message of 2: ü ''"\ 漢', NULL, 'pod-a/2', 2, 7);
INSERT INTO berth.transitions_202611 (uid, seq, at, run, from_phase, to_phase, signal, reason, message, actor, slot, attempt, epoch) VALUES ('old-done', 3, '2026-11-03 10:00:03.123456+00', 1, 'Pending', 'Succeeded', 'Signal3', 'Because', 'message of 3: ü ''"\ 漢', 'alice', 'pod-a/0', NULL, 7);
INSERT INTO berth.transitions_202611 (uid, seq, at, run, from_phase, to_phase, signal, reason, message, actor, slot, attempt, epoch) VALUES ('old-open', 1, '2026-11-03 10:00:01.123456+00', 1, NULL, 'Planning', 'Signal1', 'Because', 'message of 1: ü ''"\ 漢', NULL, 'pod-a/1', NULL, 7);
INSERT INTO berth.transitions_202611 (uid, seq, at, run, from_phase, to_phase, signal, reason, message, actor, slot, attempt, epoch) VALUES ('old-open', 2, '2026-11-03 10:00:02.123456+00', 1, 'Pending', 'Planning', 'Signal2', 'Because', 'message of 2: ü ''"\ 漢', NULL, 'pod-a/2', 2, 7);
INSERT INTO berth.transitions_202611 (uid, seq, at, run, from_phase, to_phase, signal, reason, message, actor, slot, attempt, epoch) VALUES ('old-open', 3, '2026-11-03 10:00:03.123456+00', 1, 'Pending', 'ApplyPending', 'Signal3', 'Because', 'message of 3: ü ''"\ 漢', 'alice', 'pod-a/0', NULL, 7);


--
-- Data for Name: transitions_202612; Type: TABLE DATA; Schema: berth; Owner: -
--



--
-- Data for Name: transitions_202701; Type: TABLE DATA; Schema: berth; Owner: -
--



--
-- Data for Name: transitions_202702; Type: TABLE DATA; Schema: berth; Owner: -
--



--
-- Data for Name: transitions_default; Type: TABLE DATA; Schema: berth; Owner: -
--



--
-- Name: schema_migrations PK_schema_migrations; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.schema_migrations
    ADD CONSTRAINT "PK_schema_migrations" PRIMARY KEY ("MigrationId");


--
-- Name: alerts alerts_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (id);


--
-- Name: approvals approvals_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.approvals
    ADD CONSTRAINT approvals_pkey PRIMARY KEY (uid);


--
-- Name: artifact_chunks artifact_chunks_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.artifact_chunks
    ADD CONSTRAINT artifact_chunks_pkey PRIMARY KEY (blob, number);


--
-- Name: artifact_links artifact_links_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.artifact_links
    ADD CONSTRAINT artifact_links_pkey PRIMARY KEY (attempt, kind, path);


--
-- Name: artifacts artifacts_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.artifacts
    ADD CONSTRAINT artifacts_pkey PRIMARY KEY (digest);


--
-- Name: attempts attempts_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (id);


--
-- Name: audit audit_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id, at);


--
-- Name: audit_202611 audit_202611_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.audit_202611
    ADD CONSTRAINT audit_202611_pkey PRIMARY KEY (id, at);


--
-- Name: audit_202612 audit_202612_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.audit_202612
    ADD CONSTRAINT audit_202612_pkey PRIMARY KEY (id, at);


--
-- Name: audit_202701 audit_202701_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.audit_202701
    ADD CONSTRAINT audit_202701_pkey PRIMARY KEY (id, at);


--
-- Name: audit_202702 audit_202702_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.audit_202702
    ADD CONSTRAINT audit_202702_pkey PRIMARY KEY (id, at);


--
-- Name: audit_default audit_default_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.audit_default
    ADD CONSTRAINT audit_default_pkey PRIMARY KEY (id, at);


--
-- Name: checkpoints checkpoints_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (attempt, number);


--
-- Name: log_chunks log_chunks_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.log_chunks
    ADD CONSTRAINT log_chunks_pkey PRIMARY KEY (attempt, start_offset, day);


--
-- Name: log_chunks_202611 log_chunks_202611_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.log_chunks_202611
    ADD CONSTRAINT log_chunks_202611_pkey PRIMARY KEY (attempt, start_offset, day);


--
-- Name: log_chunks_202612 log_chunks_202612_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.log_chunks_202612
    ADD CONSTRAINT log_chunks_202612_pkey PRIMARY KEY (attempt, start_offset, day);


--
-- Name: log_chunks_202701 log_chunks_202701_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.log_chunks_202701
    ADD CONSTRAINT log_chunks_202701_pkey PRIMARY KEY (attempt, start_offset, day);


--
-- Name: log_chunks_202702 log_chunks_202702_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.log_chunks_202702
    ADD CONSTRAINT log_chunks_202702_pkey PRIMARY KEY (attempt, start_offset, day);


--
-- Name: log_chunks_default log_chunks_default_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.log_chunks_default
    ADD CONSTRAINT log_chunks_default_pkey PRIMARY KEY (attempt, start_offset, day);


--
-- Name: logs logs_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.logs
    ADD CONSTRAINT logs_pkey PRIMARY KEY (attempt);


--
-- Name: purged_tasks purged_tasks_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.purged_tasks
    ADD CONSTRAINT purged_tasks_pkey PRIMARY KEY (uid);


--
-- Name: tasks tasks_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (uid);


--
-- Name: transitions transitions_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.transitions
    ADD CONSTRAINT transitions_pkey PRIMARY KEY (uid, seq, at);


--
-- Name: transitions_202611 transitions_202611_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.transitions_202611
    ADD CONSTRAINT transitions_202611_pkey PRIMARY KEY (uid, seq, at);


--
-- Name: transitions_202612 transitions_202612_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.transitions_202612
    ADD CONSTRAINT transitions_202612_pkey PRIMARY KEY (uid, seq, at);


--
-- Name: transitions_202701 transitions_202701_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.transitions_202701
    ADD CONSTRAINT transitions_202701_pkey PRIMARY KEY (uid, seq, at);


--
-- Name: transitions_202702 transitions_202702_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.transitions_202702
    ADD CONSTRAINT transitions_202702_pkey PRIMARY KEY (uid, seq, at);


--
-- Name: transitions_default transitions_default_pkey; Type: CONSTRAINT; Schema: berth; Owner: -
--

ALTER TABLE ONLY berth.transitions_default
    ADD CONSTRAINT transitions_default_pkey PRIMARY KEY (uid, seq, at);


--
-- Name: alerts_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX alerts_at_idx ON berth.alerts USING btree (at);


--
-- Name: alerts_subject_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX alerts_subject_at_idx ON berth.alerts USING btree (subject, at);


--
-- Name: approvals_approver_created_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX approvals_approver_created_at_idx ON berth.approvals USING btree (approver, created_at);


--
-- Name: approvals_task_uid_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX approvals_task_uid_idx ON berth.approvals USING btree (task_uid);


--
-- Name: approvals_workspace_created_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX approvals_workspace_created_at_idx ON berth.approvals USING btree (workspace, created_at);


--
-- Name: artifact_links_digest_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX artifact_links_digest_idx ON berth.artifact_links USING btree (digest);


--
-- Name: artifact_links_task_uid_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX artifact_links_task_uid_idx ON berth.artifact_links USING btree (task_uid);


--
-- Name: artifacts_blob_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE UNIQUE INDEX artifacts_blob_idx ON berth.artifacts USING btree (blob);


--
-- Name: attempts_node_ordered_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX attempts_node_ordered_at_idx ON berth.attempts USING btree (node, ordered_at);


--
-- Name: attempts_task_uid_ordered_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX attempts_task_uid_ordered_at_idx ON berth.attempts USING btree (task_uid, ordered_at);


--
-- Name: audit_actor_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_actor_at_idx ON ONLY berth.audit USING btree (actor, at);


--
-- Name: audit_202611_actor_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_202611_actor_at_idx ON berth.audit_202611 USING btree (actor, at);


--
-- Name: audit_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_at_idx ON ONLY berth.audit USING btree (at);


--
-- Name: audit_202611_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_202611_at_idx ON berth.audit_202611 USING btree (at);


--
-- Name: audit_uid_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_uid_idx ON ONLY berth.audit USING btree (uid);


--
-- Name: audit_202611_uid_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_202611_uid_idx ON berth.audit_202611 USING btree (uid);


--
-- Name: audit_202612_actor_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_202612_actor_at_idx ON berth.audit_202612 USING btree (actor, at);


--
-- Name: audit_202612_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_202612_at_idx ON berth.audit_202612 USING btree (at);


--
-- Name: audit_202612_uid_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_202612_uid_idx ON berth.audit_202612 USING btree (uid);


--
-- Name: audit_202701_actor_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_202701_actor_at_idx ON berth.audit_202701 USING btree (actor, at);


--
-- Name: audit_202701_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_202701_at_idx ON berth.audit_202701 USING btree (at);


--
-- Name: audit_202701_uid_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_202701_uid_idx ON berth.audit_202701 USING btree (uid);


--
-- Name: audit_202702_actor_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_202702_actor_at_idx ON berth.audit_202702 USING btree (actor, at);


--
-- Name: audit_202702_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_202702_at_idx ON berth.audit_202702 USING btree (at);


--
-- Name: audit_202702_uid_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_202702_uid_idx ON berth.audit_202702 USING btree (uid);


--
-- Name: audit_default_actor_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_default_actor_at_idx ON berth.audit_default USING btree (actor, at);


--
-- Name: audit_default_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_default_at_idx ON berth.audit_default USING btree (at);


--
-- Name: audit_default_uid_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX audit_default_uid_idx ON berth.audit_default USING btree (uid);


--
-- Name: checkpoints_digest_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX checkpoints_digest_idx ON berth.checkpoints USING btree (digest);


--
-- Name: checkpoints_task_uid_created_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX checkpoints_task_uid_created_at_idx ON berth.checkpoints USING btree (task_uid, created_at);


--
-- Name: logs_day_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX logs_day_idx ON berth.logs USING btree (day);


--
-- Name: logs_task_uid_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX logs_task_uid_idx ON berth.logs USING btree (task_uid);


--
-- Name: logs_updated_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX logs_updated_at_idx ON berth.logs USING btree (updated_at) WHERE (complete AND (NOT merged));


--
-- Name: purged_tasks_purged_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX purged_tasks_purged_at_idx ON berth.purged_tasks USING btree (purged_at);


--
-- Name: purged_tasks_swept_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX purged_tasks_swept_idx ON berth.purged_tasks USING btree (swept) WHERE (NOT swept);


--
-- Name: tasks_created_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX tasks_created_at_idx ON berth.tasks USING btree (created_at);


--
-- Name: tasks_finished_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX tasks_finished_at_idx ON berth.tasks USING btree (finished_at);


--
-- Name: tasks_namespace_name_created_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX tasks_namespace_name_created_at_idx ON berth.tasks USING btree (namespace, name, created_at);


--
-- Name: tasks_phase_created_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX tasks_phase_created_at_idx ON berth.tasks USING btree (phase, created_at);


--
-- Name: tasks_pool_created_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX tasks_pool_created_at_idx ON berth.tasks USING btree (pool, created_at);


--
-- Name: tasks_reason_created_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX tasks_reason_created_at_idx ON berth.tasks USING btree (reason, created_at);


--
-- Name: tasks_requested_by_created_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX tasks_requested_by_created_at_idx ON berth.tasks USING btree (requested_by, created_at);


--
-- Name: tasks_workspace_created_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX tasks_workspace_created_at_idx ON berth.tasks USING btree (workspace, created_at);


--
-- Name: transitions_actor_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_actor_at_idx ON ONLY berth.transitions USING btree (actor, at) WHERE (actor IS NOT NULL);


--
-- Name: transitions_202611_actor_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_202611_actor_at_idx ON berth.transitions_202611 USING btree (actor, at) WHERE (actor IS NOT NULL);


--
-- Name: transitions_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_at_idx ON ONLY berth.transitions USING btree (at);


--
-- Name: transitions_202611_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_202611_at_idx ON berth.transitions_202611 USING btree (at);


--
-- Name: transitions_reason_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_reason_at_idx ON ONLY berth.transitions USING btree (reason, at);


--
-- Name: transitions_202611_reason_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_202611_reason_at_idx ON berth.transitions_202611 USING btree (reason, at);


--
-- Name: transitions_202612_actor_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_202612_actor_at_idx ON berth.transitions_202612 USING btree (actor, at) WHERE (actor IS NOT NULL);


--
-- Name: transitions_202612_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_202612_at_idx ON berth.transitions_202612 USING btree (at);


--
-- Name: transitions_202612_reason_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_202612_reason_at_idx ON berth.transitions_202612 USING btree (reason, at);


--
-- Name: transitions_202701_actor_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_202701_actor_at_idx ON berth.transitions_202701 USING btree (actor, at) WHERE (actor IS NOT NULL);


--
-- Name: transitions_202701_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_202701_at_idx ON berth.transitions_202701 USING btree (at);


--
-- Name: transitions_202701_reason_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_202701_reason_at_idx ON berth.transitions_202701 USING btree (reason, at);


--
-- Name: transitions_202702_actor_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_202702_actor_at_idx ON berth.transitions_202702 USING btree (actor, at) WHERE (actor IS NOT NULL);


--
-- Name: transitions_202702_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_202702_at_idx ON berth.transitions_202702 USING btree (at);


--
-- Name: transitions_202702_reason_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_202702_reason_at_idx ON berth.transitions_202702 USING btree (reason, at);


--
-- Name: transitions_default_actor_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_default_actor_at_idx ON berth.transitions_default USING btree (actor, at) WHERE (actor IS NOT NULL);


--
-- Name: transitions_default_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_default_at_idx ON berth.transitions_default USING btree (at);


--
-- Name: transitions_default_reason_at_idx; Type: INDEX; Schema: berth; Owner: -
--

CREATE INDEX transitions_default_reason_at_idx ON berth.transitions_default USING btree (reason, at);


--
-- Name: audit_202611_actor_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_actor_at_idx ATTACH PARTITION berth.audit_202611_actor_at_idx;


--
-- Name: audit_202611_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_at_idx ATTACH PARTITION berth.audit_202611_at_idx;


--
-- Name: audit_202611_pkey; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_pkey ATTACH PARTITION berth.audit_202611_pkey;


--
-- Name: audit_202611_uid_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_uid_idx ATTACH PARTITION berth.audit_202611_uid_idx;


--
-- Name: audit_202612_actor_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_actor_at_idx ATTACH PARTITION berth.audit_202612_actor_at_idx;


--
-- Name: audit_202612_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_at_idx ATTACH PARTITION berth.audit_202612_at_idx;


--
-- Name: audit_202612_pkey; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_pkey ATTACH PARTITION berth.audit_202612_pkey;


--
-- Name: audit_202612_uid_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_uid_idx ATTACH PARTITION berth.audit_202612_uid_idx;


--
-- Name: audit_202701_actor_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_actor_at_idx ATTACH PARTITION berth.audit_202701_actor_at_idx;


--
-- Name: audit_202701_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_at_idx ATTACH PARTITION berth.audit_202701_at_idx;


--
-- Name: audit_202701_pkey; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_pkey ATTACH PARTITION berth.audit_202701_pkey;


--
-- Name: audit_202701_uid_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_uid_idx ATTACH PARTITION berth.audit_202701_uid_idx;


--
-- Name: audit_202702_actor_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_actor_at_idx ATTACH PARTITION berth.audit_202702_actor_at_idx;


--
-- Name: audit_202702_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_at_idx ATTACH PARTITION berth.audit_202702_at_idx;


--
-- Name: audit_202702_pkey; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_pkey ATTACH PARTITION berth.audit_202702_pkey;


--
-- Name: audit_202702_uid_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_uid_idx ATTACH PARTITION berth.audit_202702_uid_idx;


--
-- Name: audit_default_actor_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_actor_at_idx ATTACH PARTITION berth.audit_default_actor_at_idx;


--
-- Name: audit_default_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_at_idx ATTACH PARTITION berth.audit_default_at_idx;


--
-- Name: audit_default_pkey; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_pkey ATTACH PARTITION berth.audit_default_pkey;


--
-- Name: audit_default_uid_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.audit_uid_idx ATTACH PARTITION berth.audit_default_uid_idx;


--
-- Name: log_chunks_202611_pkey; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.log_chunks_pkey ATTACH PARTITION berth.log_chunks_202611_pkey;


--
-- Name: log_chunks_202612_pkey; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.log_chunks_pkey ATTACH PARTITION berth.log_chunks_202612_pkey;


--
-- Name: log_chunks_202701_pkey; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.log_chunks_pkey ATTACH PARTITION berth.log_chunks_202701_pkey;


--
-- Name: log_chunks_202702_pkey; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.log_chunks_pkey ATTACH PARTITION berth.log_chunks_202702_pkey;


--
-- Name: log_chunks_default_pkey; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.log_chunks_pkey ATTACH PARTITION berth.log_chunks_default_pkey;


--
-- Name: transitions_202611_actor_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_actor_at_idx ATTACH PARTITION berth.transitions_202611_actor_at_idx;


--
-- Name: transitions_202611_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_at_idx ATTACH PARTITION berth.transitions_202611_at_idx;


--
-- Name: transitions_202611_pkey; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_pkey ATTACH PARTITION berth.transitions_202611_pkey;


--
-- Name: transitions_202611_reason_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_reason_at_idx ATTACH PARTITION berth.transitions_202611_reason_at_idx;


--
-- Name: transitions_202612_actor_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_actor_at_idx ATTACH PARTITION berth.transitions_202612_actor_at_idx;


--
-- Name: transitions_202612_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_at_idx ATTACH PARTITION berth.transitions_202612_at_idx;


--
-- Name: transitions_202612_pkey; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_pkey ATTACH PARTITION berth.transitions_202612_pkey;


--
-- Name: transitions_202612_reason_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_reason_at_idx ATTACH PARTITION berth.transitions_202612_reason_at_idx;


--
-- Name: transitions_202701_actor_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_actor_at_idx ATTACH PARTITION berth.transitions_202701_actor_at_idx;


--
-- Name: transitions_202701_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_at_idx ATTACH PARTITION berth.transitions_202701_at_idx;


--
-- Name: transitions_202701_pkey; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_pkey ATTACH PARTITION berth.transitions_202701_pkey;


--
-- Name: transitions_202701_reason_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_reason_at_idx ATTACH PARTITION berth.transitions_202701_reason_at_idx;


--
-- Name: transitions_202702_actor_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_actor_at_idx ATTACH PARTITION berth.transitions_202702_actor_at_idx;


--
-- Name: transitions_202702_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_at_idx ATTACH PARTITION berth.transitions_202702_at_idx;


--
-- Name: transitions_202702_pkey; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_pkey ATTACH PARTITION berth.transitions_202702_pkey;


--
-- Name: transitions_202702_reason_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_reason_at_idx ATTACH PARTITION berth.transitions_202702_reason_at_idx;


--
-- Name: transitions_default_actor_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_actor_at_idx ATTACH PARTITION berth.transitions_default_actor_at_idx;


--
-- Name: transitions_default_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_at_idx ATTACH PARTITION berth.transitions_default_at_idx;


--
-- Name: transitions_default_pkey; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_pkey ATTACH PARTITION berth.transitions_default_pkey;


--
-- Name: transitions_default_reason_at_idx; Type: INDEX ATTACH; Schema: berth; Owner: -
--

ALTER INDEX berth.transitions_reason_at_idx ATTACH PARTITION berth.transitions_default_reason_at_idx;


--
-- PostgreSQL database dump complete
--

\unrestrict ICNnfceza79K2dVAhQXvb0AHdBOUHcfF7KbMsNyj96j2fDc1BS0qY6anddbMcOq

