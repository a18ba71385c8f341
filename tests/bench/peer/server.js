// The same two reads, as a careful Node team would serve them: named
// statements, both walls, a response schema, one process or a cluster.
'use strict';
const cluster = require('cluster');
const fastify = require('fastify')({ logger: false });
const { Pool, types } = require('pg');
const spec = JSON.parse(process.env.SPEC);

const pool = new Pool({ host: spec.socket, user: 'taizhang_api', database: 'taizhang', max: 4 });
for (const oid of [1082, 1114, 1184]) types.setTypeParser(oid, (v) => v);
types.setTypeParser(20, Number);
const item = {
  type: 'object',
  properties: Object.fromEntries(spec.columns.map(([c, type]) => [c, { type: [type, 'null'] }])),
};
const list = { type: 'object', properties: { items: { type: 'array', items: item } } };

async function read(name, sql, values) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query({ name: 'scope', text: spec.scope_sql, values: spec.scope });
    const res = await client.query({ name, text: sql, values });
    await client.query('COMMIT');
    return res.rows;
  } catch (err) {
    await client.query('ROLLBACK');
    throw err;
  } finally {
    client.release();
  }
}

fastify.get(`${spec.path}/:id`, { schema: { response: { 200: item } } }, async (req, reply) => {
  const rows = await read('get', spec.get_sql, [...spec.get_args, req.params.id]);
  if (rows.length === 0) return reply.code(404).send({});
  return rows[0];
});
fastify.get(spec.path, { schema: { response: { 200: list } } }, async () => ({
  items: await read('list', spec.list_sql, spec.list_args),
}));

// One process, or a cluster that shares the port.
if (cluster.isPrimary && spec.workers > 1) {
  for (let i = 0; i < spec.workers; i++) cluster.fork();
  process.on('SIGTERM', () => process.exit());
} else {
  fastify.listen({ host: '127.0.0.1', port: spec.port });
}
