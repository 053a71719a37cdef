// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#endif

/// A raw-socket HTTP/1.1 server on 127.0.0.1 for tests: each connection runs the test's own script on a
/// thread, so a test can say any bytes at any time, and break off as it likes.
package final class LoopbackServer: Sendable {
  /// The port that the system chose.
  package let port: Int
  /// All requests read so far, in the order in which they were complete.
  package var requests: [RecordedRequest] { log.withLock { $0 } }
  /// How many connections were accepted so far.
  package var connectionCount: Int { connections.withLock { $0.total } }

  private let listener: CInt
  private let log = Mutex<[RecordedRequest]>([])
  private struct Connections {
    var open: Set<CInt> = []
    var total = 0
    var isStopped = false
  }
  private let connections = Mutex(Connections())

  /// Starts a server that runs `script` for each connection.
  package init(script: @escaping @Sendable (LoopbackConnection) -> Void) throws {
    #if canImport(Glibc)
    let stream = CInt(SOCK_STREAM.rawValue)
    #else
    let stream = SOCK_STREAM
    #endif
    let listener = socket(AF_INET, stream, 0)
    guard listener >= 0 else { throw LoopbackError(code: errno) }
    _ = fcntl(listener, F_SETFD, FD_CLOEXEC)
    var yes: CInt = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listener, pointer, length) == 0 && listen(listener, 1024) == 0
          && getsockname(listener, pointer, &length) == 0
      }
    }
    guard bound else { throw LoopbackError(code: errno) }
    self.listener = listener
    self.port = Int(UInt16(bigEndian: address.sin_port))
    Self.startThread { [self] in accept(script) }
  }

  /// Starts a server that reads each request whole and answers it with what `respond` returns, keeping the
  /// connection open.
  package static func answering(
    _ respond: @escaping @Sendable (RecordedRequest) -> LoopbackAnswer
  ) throws -> LoopbackServer {
    try LoopbackServer { connection in
      while let request = connection.readRequest() {
        guard connection.send(respond(request).serialized(isHead: request.method == "HEAD")) else { return }
      }
    }
  }

  /// Ends the server and all its connections.
  package func stop() {
    let open = connections.withLock { connections -> Set<CInt> in
      defer { connections.isStopped = true }
      return connections.isStopped ? [] : connections.open
    }
    shutdown(listener, CInt(SHUT_RDWR))
    for descriptor in open { shutdown(descriptor, CInt(SHUT_RDWR)) }
  }

  private func accept(_ script: @escaping @Sendable (LoopbackConnection) -> Void) {
    while true {
      #if canImport(Glibc)
      let descriptor = Glibc.accept(listener, nil, nil)
      #else
      let descriptor = Darwin.accept(listener, nil, nil)
      #endif
      let isStopped = connections.withLock { connections in
        if descriptor >= 0, !connections.isStopped {
          connections.open.insert(descriptor)
          connections.total += 1
        }
        return connections.isStopped
      }
      guard descriptor >= 0, !isStopped else {
        if descriptor >= 0 { close(descriptor) }
        if !isStopped, errno == EINTR || errno == ECONNABORTED { continue }
        close(listener)
        return
      }
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      var yes: CInt = 1
      setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
      Self.startThread { [self] in
        let connection = LoopbackConnection(descriptor) { [self] request in
          log.withLock { $0.append(request) }
        }
        script(connection)
        connections.withLock { _ = $0.open.remove(descriptor) }
        connection.close()
      }
    }
  }

  private static func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    #if canImport(Darwin)
    var thread: pthread_t?
    #else
    var thread = pthread_t()
    #endif
    let context = Unmanaged.passRetained(Box(body)).toOpaque()
    pthread_create(
      &thread, nil,
      { argument in
        #if canImport(Darwin)
        Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
        #else
        if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
        #endif
        return nil
      }, context)
    #if canImport(Darwin)
    if let thread { pthread_detach(thread) }
    #else
    pthread_detach(thread)
    #endif
  }
}

/// A system call of the test server failed.
package struct LoopbackError: Error {
  package let code: CInt
}
