  select kind, name, definition
    from (
      -- columns, with their types and defaults
      select 'column' as kind, t.relname || '.' || a.attname as name,
             concat_ws(' ', format_type(a.atttypid, a.atttypmod), case when c.collname <> 'default' then 'collate ' || c.collname end,
               case when a.attnotnull then 'not null' end, 'default ' || pg_get_expr(d.adbin, d.adrelid)) as definition
        from guarded t
        join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
        left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
        left join pg_collation c on c.oid = a.attcollation
      union all
      -- tables: ordinary, logged, without row security
      select 'table', relname, concat_ws(' ', relkind, relpersistence, case when relrowsecurity then 'row security' end, case when relhasrules then 'rules' end,
               case when relowner <> (select relowner from guarded where relname = 'payments') then 'owned by ' || relowner::regrole end)
        from guarded
      union all
      -- a table that inherits from one of these adds its rows to it
      select 'inheritance', i.inhrelid::regclass || ' from ' || i.inhparent::regclass, ''
        from pg_inherits i
        join guarded t on t.oid in (i.inhrelid, i.inhparent) and t.relkind = 'r'
      union all
      -- constraints, and indexes that must be unique or serve a promise; Postgres 18 lists NOT NULL as a constraint, 15 does not
      select 'constraint', t.relname || '.' || c.conname, concat_ws(' ', pg_get_constraintdef(c.oid), case when not c.convalidated then 'not validated' end)
        from guarded t
        join pg_constraint c on c.conrelid = t.oid and c.contype <> 'n'
      union all
      select 'index', c.relname, concat_ws(' ', pg_get_indexdef(i.indexrelid), case when not (i.indisvalid and i.indisready and i.indislive) then 'invalid' end)
        from guarded t
        join pg_index i on i.indrelid = t.oid
        join pg_class c on c.oid = i.indexrelid
      union all
      -- triggers, and those that keep foreign keys
      select 'trigger', t.relname || '.' || g.tgname, concat_ws(' ', pg_get_triggerdef(g.oid), case when g.tgenabled <> 'O' then 'enabled ' || g.tgenabled::text end)
        from guarded t
        join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
      union all
      select 'foreign key triggers', t.relname, string_agg(g.tgenabled::text, '' order by g.oid)
        from guarded t
        join pg_trigger g on g.tgrelid = t.oid and g.tgisinternal
       group by t.relname
      union all
      -- functions, by a digest of their text, and who may run them
      select 'function', p.oid::regprocedure::text,
             concat_ws(' ', 'returns', pg_get_function_result(p.oid), l.lanname, p.provolatile, case when p.prosecdef then 'security definer' end,
               case when p.proowner <> (select relowner from guarded where relname = 'payments') then 'owned by ' || p.proowner::regrole end,
               array_to_string(p.proconfig, ' '), encode(sha256(convert_to(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), 'UTF8')), 'hex'))
        from pg_proc p
        join pg_language l on l.oid = p.prolang
       where p.pronamespace = 'public'::regnamespace and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
      union all
      -- grants: to anybody but the owner of the thing
      select 'grant', granted.name || ' to ' || coalesce(r.rolname, 'public'), string_agg(g.privilege_type || case when g.is_grantable then ' with grant option' else '' end, ', ' order by g.privilege_type)
        from (
          select relname::text as name, relowner as owner, relacl as acl from guarded
          union all
          select t.relname || '.' || a.attname, t.relowner, a.attacl
            from guarded t join pg_attribute a on a.attrelid = t.oid and a.attacl is not null
          union all
          select p.oid::regprocedure::text, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)) from pg_proc p
           where p.pronamespace = 'public'::regnamespace and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
          union all
          select 'schema public', nspowner, coalesce(nspacl, acldefault('n', nspowner)) from pg_namespace where nspname = 'public'
          union all
          select 'database', datdba, coalesce(datacl, acldefault('d', datdba)) from pg_database where datname = current_database()) granted
       cross join lateral aclexplode(granted.acl) g
        left join pg_roles r on r.oid = g.grantee
       where g.grantee <> granted.owner and r.rolname is distinct from 'pg_database_owner'
       group by granted.name, r.rolname
      union all
      -- roles: what they may do, what they are members of and what they own. (Whether they may log in is the operator's to say.)
      select 'role', r.rolname,
             concat_ws(' ', case when r.rolsuper then 'superuser' end, case when r.rolcreaterole then 'createrole' end, case when r.rolcreatedb then 'createdb' end,
               case when r.rolreplication then 'replication' end, case when r.rolbypassrls then 'bypassrls' end,
               (select 'member of ' || string_agg(m.roleid::regrole::text, ', ' order by 1) from pg_auth_members m where m.member = r.oid),
               (select 'owns ' || string_agg(t.relname, ', ' order by t.relname) from guarded t where t.relowner = r.oid))
        from pg_roles r
       where r.rolname in ('payments_api', 'payments_worker', 'payments_reader', 'payments_prover')
      union all
      -- parameters that a role other than a superuser may set, such as the one that turns triggers off; sessions that begin so
      select 'parameter', s.parname || ' to ' || coalesce(r.rolname, 'public'), string_agg(g.privilege_type, ', ' order by g.privilege_type)
        from pg_parameter_acl s
       cross join lateral aclexplode(s.paracl) g
        left join pg_roles r on r.oid = g.grantee
       where r.rolsuper is not true
       group by s.parname, r.rolname
      union all
      select 'setting', coalesce(r.rolname, 'everybody'), setting
        from pg_db_role_setting s
       cross join unnest(s.setconfig) setting
        left join pg_roles r on r.oid = s.setrole
       where s.setdatabase in (0, (select oid from pg_database where datname = current_database())) and setting like 'session_replication_role=%'
      union all
      -- event triggers run at any DDL or login
      select 'event trigger', evtname, concat_ws(' ', evtevent, evtfoid::regprocedure, evtenabled) from pg_event_trigger) guard
