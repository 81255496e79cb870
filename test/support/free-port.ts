export { freePort } from '../../services/sandbox/launch/ports.mjs';
