// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if OPENAI_BATCH_TSAN
#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Takes the place of `Synchronization.Mutex` under ThreadSanitizer, which does not see that one's system calls and
/// takes all that it guards for a race. See `Scripts/check-sanitizers`.
///
/// `@unchecked`: the value is touched only while the lock is held.
package struct PthreadMutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let value: UnsafeMutablePointer<Value>

  package init(_ initialValue: consuming sending Value) {
    lock = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    value = .allocate(capacity: 1)
    value.initialize(to: initialValue)
  }

  deinit {
    value.deinitialize(count: 1)
    value.deallocate()
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  package borrowing func withLock<Result: ~Copyable, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return try body(&value.pointee)
  }
}

typealias Mutex<Value: ~Copyable> = PthreadMutex<Value>
#endif
