export type {
  AddressNode,
  Edge,
  FarRef,
  Graph,
  LinkNode,
  LinkRef,
  NamespaceNode,
  ProcessNode,
  PublishedPort as PublishedNode,
  RouteNode,
} from './graph.ts';
export { edgesOf } from './graph.ts';
export { type InspectOptions, inspect } from './inspect.ts';
export { Topology } from './topology.ts';
