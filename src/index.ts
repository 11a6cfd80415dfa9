export default { fetch: () => new Response('soon') } satisfies ExportedHandler
