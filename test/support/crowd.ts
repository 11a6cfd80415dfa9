/** When the first of them was made. */
const START = Date.parse('2026-11-24T12:00:00.000Z')
const BATCH = 5_000

/**
 * Stores users `u<n>` with all that lists ask for, in few statements: every seventh is blocked, every tenth has
 * a label, and each has a target.
 * @param from first n @param to one more than the last
 */
export async function fillUsers(d1: D1Database, from: number, to: number) {
  for (let start = from; start < to; start += BATCH) {
    const numbers = `with recursive n(i) as (select cast(?1 as integer) union all
      select i + 1 from n where i + 1 < ?2)`
    await d1.batch([
      d1
        .prepare(
          `${numbers} insert into users (id, name, email, phone, hash, hash_options, password_history,
          registration, status, labels, email_verification, phone_verification, mfa, prefs, impersonator,
          accessed_at, created_at, updated_at)
        select 'u' || i, 'Name ' || i, 'mail' || i || '@example.com', '+4915' || (100000000 + i), 'argon2',
          '{}', '[]', ?3 + i, i % 7 > 0, iif(i % 10, '[]', '["tenth"]'), 0, 0, 0, '{}', 0, ?3, ?3 + i, ?3
        from n`,
        )
        .bind(start, Math.min(to, start + BATCH), START),
      d1
        .prepare(
          `${numbers} insert into targets (id, user_id, provider_type, identifier, expired, created_at, updated_at)
        select 't' || i, 'u' || i, 'email', 'mail' || i || '@example.com', 0, ?3, ?3 from n`,
        )
        .bind(start, Math.min(to, start + BATCH), START),
    ])
  }
}

/** Prints a query string of queries. */
export const queries = (...list: string[]) =>
  list.map((query, index) => `queries[${index}]=${encodeURIComponent(query)}`).join('&')
