// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What a transport must not leave behind.
struct ProcessCounts {
  private let threadName: String?
  /// What each open descriptor leads to, where the system tells.
  private let descriptors: [CInt: String]
  private let threads: Int

  /// Counts descriptors, and threads of a name: the runtime's own come and go.
  init(threadName: String?) {
    self.threadName = threadName
    descriptors = Self.openDescriptors
    threads = threadName.map(Self.threads(named:)) ?? 0
  }

  /// What is more than it was; `nil` when all of it is gone before `patience` ends.
  func growth(within patience: Duration) async -> String? {
    let deadline = ContinuousClock.now + patience
    while true {
      let now = ProcessCounts(threadName: threadName)
      if now.descriptors.count <= descriptors.count, now.threads <= threads { return nil }
      if ContinuousClock.now >= deadline {
        let new = now.descriptors.filter { descriptors[$0.key] != $0.value }.values.sorted()
        return """
          Left behind: \(now.descriptors.count - descriptors.count) descriptors, \(now.threads - threads) threads. \
          New descriptors: \(new.joined(separator: ", ")).
          """
      }
      try? await Task.sleep(for: .milliseconds(2))
    }
  }

  /// All but Dispatch's timers, which it makes when it first needs them and then keeps.
  private static var openDescriptors: [CInt: String] {
    var targets: [CInt: String] = [:]
    for descriptor in 0..<min(getdtablesize(), 4096) where fcntl(descriptor, F_GETFD) >= 0 {
      let target = target(ofLink: "/proc/self/fd/\(descriptor)") ?? "\(descriptor)"
      if target != "anon_inode:[timerfd]" { targets[descriptor] = target }
    }
    return targets
  }

  /// Where the system tells; else none.
  private static func threads(named name: String) -> Int {
    entries(ofFolder: "/proc/self/task").count {
      contents(ofFile: "/proc/self/task/\($0)/comm") == name + "\n"
    }
  }

  /// The process's memory in bytes, where the system tells.
  static var residentBytes: Int? {
    contents(ofFile: "/proc/self/statm")?.split(separator: " ").dropFirst().first
      .flatMap { Int($0) }.map { $0 * Int(getpagesize()) }
  }
}

/// The process's limit of open descriptors, lowered for a while.
struct DescriptorLimit {
  private let former: rlimit

  /// Lowers the limit to the lowest descriptor that is free, so that no more can be opened.
  static func lowerToOpen() throws -> DescriptorLimit {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { throw SystemFailure(code: errno) }
    let former = limit
    let free = (0..<getdtablesize()).first { fcntl($0, F_GETFD) < 0 } ?? 0
    limit.rlim_cur = rlim_t(free)
    guard setrlimit(resource, &limit) == 0 else { throw SystemFailure(code: errno) }
    return DescriptorLimit(former: former)
  }

  func restore() {
    var limit = former
    setrlimit(Self.resource, &limit)
  }

  #if canImport(Glibc)
  private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #else
  private static let resource = RLIMIT_NOFILE
  #endif
}
