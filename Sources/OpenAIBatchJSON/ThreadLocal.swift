// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// An object that each thread has of its own: made when the thread first asks for it, gone with the thread.
///
/// For memory that is used between two points where a task may be suspended, and never beyond them.
struct ThreadLocal<Object: AnyObject>: Sendable {
  /// `nil` when the process has no more keys: then, as for a thread without memory for its own, there is a new object
  /// for each use.
  private let key: pthread_key_t?
  private let make: @Sendable () -> Object

  init(_ make: @escaping @Sendable () -> Object) {
    self.make = make
    var key = pthread_key_t()
    #if canImport(Darwin)
    let code = pthread_key_create(&key) { Unmanaged<AnyObject>.fromOpaque($0).release() }
    #else
    let code = pthread_key_create(&key) {
      if let object = $0 { Unmanaged<AnyObject>.fromOpaque(object).release() }
    }
    #endif
    self.key = code == 0 ? key : nil
  }

  /// Hands over the calling thread's object. It must not leave `body`.
  @inline(__always)
  func withCurrent<Result>(_ body: (Object) -> Result) -> Result {
    // Counting the references would cost more than most uses.
    if let key, let object = pthread_getspecific(key) {
      return Unmanaged<Object>.fromOpaque(object)._withUnsafeGuaranteedRef(body)
    }
    return body(first())
  }

  @inline(never)
  private func first() -> Object {
    let object = make()
    guard let key else { return object }
    let retained = Unmanaged.passRetained(object)
    if pthread_setspecific(key, retained.toOpaque()) != 0 { retained.release() }
    return object
  }
}
