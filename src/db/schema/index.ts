export * from './project.ts'
export * from './storage.ts'
export * from './teams.ts'
export * from './users.ts'
