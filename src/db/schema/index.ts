export * from './project.ts'
export * from './storage.ts'
