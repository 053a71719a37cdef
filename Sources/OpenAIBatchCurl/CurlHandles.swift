// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

// libcurl's handles with typed operations. The module's raw pointers are in this file and in ResponseHead.swift.

internal import COpenAIBatchCurl

/// The process's libcurl.
enum CurlLibrary {
  /// Whether it could be initialised.
  static let isUsable = ccurl_global_init() == CURLE_OK && ccurl_version() >= 0x075000

  /// The CA bundle that libcurl was built with.
  static let defaultCABundle: String? = ccurl_default_ca_bundle().map { String(cString: $0) }

  /// Whether it can be trusted with HTTP/2.
  static let http2 = HTTP2Gate(version: ccurl_version(), isBuiltIn: ccurl_has_http2())

  /// Whether a handle may serve again. From 7.84 to 8.0 libcurl keeps a pointer into the freed header of the response
  /// before, and follows it when the next header begins with a folded line (curl #11101).
  static let mayReuseHandles = ccurl_version() < 0x075400 || ccurl_version() >= 0x080100

  /// Whether GnuTLS encrypts; else it is OpenSSL, or what has its interface.
  static let usesGnuTLS = ccurl_uses_gnutls()

  /// Names the calling thread for debuggers. Linux takes 15 bytes.
  static func nameThread(_ name: String) {
    ccurl_name_thread(name)
  }
}

/// The handle of one request after another. Used on the engine's thread only; ended by ``close()``.
final class EasyHandle {
  enum ReceiveVerdict { case taken, pause }
  enum FillVerdict { case filled(Int), pause, fail }

  /// Directions in which a transfer rests.
  struct Pauses: OptionSet {
    let rawValue: CInt
    static let receiving = Pauses(rawValue: CURLPAUSE_RECV)
    static let sending = Pauses(rawValue: CURLPAUSE_SEND)
  }

  fileprivate let pointer: UnsafeMutableRawPointer
  private let errorText: UnsafeMutablePointer<CChar>
  private var headers: UnsafeMutablePointer<curl_slist>?
  private var headerLines: [UInt8] = []
  /// Whom libcurl asks and tells; `nil` while the handle is spare.
  var owner: LiveTransfer? {
    didSet { errorText[0] = 0 }
  }
  /// Whether it has been set up for GETs over TLS, or for GETs without; `nil` for neither.
  var getsSecurely: Bool?

  /// `nil` when memory is out.
  init?() {
    guard let pointer = curl_easy_init() else { return nil }
    self.pointer = pointer
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    set(CURLOPT_ERRORBUFFER, errorText)
    set(CURLOPT_PRIVATE, opaque)
    ccurl_set_header_function(pointer, Self.onHeader, opaque)
    ccurl_set_write_function(pointer, Self.onWrite, opaque)
    ccurl_set_request_function(pointer, Self.onRequest, opaque)
    ccurl_set_socket_function(pointer, Self.onSocket, opaque)
  }

  /// What the callbacks get: alive until ``close()``.
  private var opaque: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  /// Frees everything. The handle must not be in a multi handle.
  func close() {
    owner = nil
    curl_easy_cleanup(pointer)
    ccurl_free_list(headers)
    errorText.deallocate()
  }

  // MARK: Options

  func set(_ option: CURLoption, _ value: Int) {
    ccurl_set_long(pointer, option, value)
  }

  func set(_ option: CURLoption, size: Int64) {
    ccurl_set_size(pointer, option, curl_off_t(size))
  }

  /// `false` when libcurl does not know the option, or memory is out.
  func set(_ option: CURLoption, _ value: String?) -> Bool {
    let code =
      if let value { ccurl_set_string(pointer, option, value) } else {
        ccurl_set_string(pointer, option, nil)
      }
    return code == CURLE_OK
  }

  /// `text` ends with NUL; `false` when memory is out, or libcurl finds it too long.
  func set(_ option: CURLoption, text: [UInt8]) -> Bool {
    text.withUnsafeBytes { bytes in
      ccurl_set_string(pointer, option, bytes.baseAddress?.assumingMemoryBound(to: CChar.self)) == CURLE_OK
    }
  }

  private func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer) {
    ccurl_set_pointer(pointer, option, value)
  }

  /// `lines` are `count` lines, each ended by NUL; `false` when memory is out.
  func setHeaders(_ lines: [UInt8], count: Int) -> Bool {
    guard lines != headerLines else { return true }
    let list = lines.withUnsafeBytes { bytes in
      ccurl_make_list(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, count)
    }
    guard list != nil || count == 0 else { return false }
    ccurl_set_pointer(pointer, CURLOPT_HTTPHEADER, list)
    ccurl_free_list(headers)
    headers = list
    headerLines = lines
    return true
  }

  func restrictToHTTP() -> Bool { ccurl_set_http_only(pointer) == CURLE_OK }
  func leaveResolverBehind() { ccurl_set_quick_exit(pointer) }
  func setMaximumConnectionLifetime(seconds: Int) {
    ccurl_set_max_connection_lifetime(pointer, seconds)
  }

  func readBodyFromOwner() {
    ccurl_set_read_function(pointer, Self.onRead, opaque)
  }

  /// The connection is closed after this transfer.
  func leaveConnection() {
    set(CURLOPT_FORBID_REUSE, 1)
  }

  // MARK: State

  /// Rests in the given directions and goes on in the others. May call the owner before it returns.
  func setPauses(_ pauses: Pauses) -> CURLcode {
    curl_easy_pause(pointer, pauses.rawValue)
  }

  /// Whether bytes wait between TLS and libcurl, where a look at the socket does not find them.
  var hasDecryptedInput: Bool { ccurl_has_decrypted_input(pointer) }

  func long(_ info: CURLINFO) -> Int {
    var value = 0
    return ccurl_get_long(pointer, info, &value) == CURLE_OK ? value : 0
  }

  func size(_ info: CURLINFO) -> Int64 {
    var value: curl_off_t = 0
    return ccurl_get_size(pointer, info, &value) == CURLE_OK ? Int64(value) : 0
  }

  /// libcurl's own words for a failure.
  func errorMessage(for code: CURLcode) -> String {
    errorText[0] == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
  }

  // MARK: Callbacks

  fileprivate static func owner(_ context: UnsafeMutableRawPointer) -> LiveTransfer? {
    Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue().owner
  }

  private static let onSocket: curl_sockopt_callback = { context, socket, _ in
    ccurl_close_on_exec(socket)
    if let context { owner(context)?.didOpen(socket) }
    return CURL_SOCKOPT_OK
  }

  private static let onRequest: ccurl_request_callback = { context, peer, _, peerPort, localPort in
    guard let context, let peer, let owner = owner(context) else { return 1 }
    let ends = ConnectionSockets.Ends(
      localPort: localPort, peerPort: peerPort, peer: String(cString: peer))
    return owner.requestBegins(on: ends) ? 0 : 1
  }

  private static let onHeader: curl_write_callback = { bytes, size, count, context in
    guard let bytes, let context, let owner = owner(context) else { return 0 }
    let length = size * count
    let line = UnsafeBufferPointer(
      start: UnsafeRawPointer(bytes).assumingMemoryBound(to: UInt8.self), count: length)
    return owner.receiveHeaderLine(line.span) ? length : length &+ 1
  }

  private static let onWrite: curl_write_callback = { bytes, size, count, context in
    guard let bytes, let context, let owner = owner(context) else { return 0 }
    let length = size * count
    guard length > 0 else { return 0 }
    let buffer = UnsafeBufferPointer(
      start: UnsafeRawPointer(bytes).assumingMemoryBound(to: UInt8.self), count: length)
    switch owner.receive(buffer.span) {
    case .taken: return length
    case .pause: return ccurl_write_pause()
    }
  }

  private static let onRead: curl_read_callback = { bytes, size, count, context in
    guard let bytes, let context, let owner = owner(context) else { return ccurl_read_abort() }
    let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
    switch owner.fill(buffer) {
    case .filled(let count): return count
    case .pause: return ccurl_read_pause()
    case .fail: return ccurl_read_abort()
    }
  }
}

extension EasyHandle {
  fileprivate static func owner(of pointer: UnsafeMutableRawPointer) -> LiveTransfer? {
    var opaque: UnsafeMutableRawPointer?
    guard ccurl_get_pointer(pointer, CURLINFO_PRIVATE, &opaque) == CURLE_OK, let opaque else { return nil }
    return owner(opaque)
  }
}

/// The connections, and the handles that are at work on them. Used on the engine's thread, but for ``wake()``.
///
/// `@unchecked`: the pointer never changes, and ``wake()`` is the one function that libcurl allows from any
/// thread while the handle lives. ``CurlEngine`` sees to that.
final class MultiHandle: @unchecked Sendable {
  private let pointer: UnsafeMutableRawPointer

  /// `nil` when memory or descriptors are out.
  init?(maxConnections: Int) {
    guard let pointer = curl_multi_init() else { return nil }
    self.pointer = pointer
    for option in [CURLMOPT_MAX_HOST_CONNECTIONS, CURLMOPT_MAX_TOTAL_CONNECTIONS, CURLMOPT_MAXCONNECTS] {
      ccurl_multi_set_long(pointer, option, maxConnections)
    }
  }

  /// Frees everything. No easy handle must be left in it.
  func close() {
    curl_multi_cleanup(pointer)
  }

  func add(_ easy: EasyHandle) -> Bool { curl_multi_add_handle(pointer, easy.pointer) == CURLM_OK }

  /// Takes a handle out; an unfinished one loses its connection.
  func remove(_ easy: EasyHandle) {
    curl_multi_remove_handle(pointer, easy.pointer)
  }

  /// Does what can be done without waiting; `false` when the handle is broken.
  func perform() -> Bool {
    var running: CInt = 0
    return curl_multi_perform(pointer, &running) == CURLM_OK
  }

  /// A transfer that has ended, until there is none.
  func nextFinished() -> (owner: LiveTransfer, code: CURLcode)? {
    var left: CInt = 0
    while let message = curl_multi_info_read(pointer, &left) {
      var code = CURLE_OK
      guard let easy = ccurl_finished(message, &code), let owner = EasyHandle.owner(of: easy) else {
        continue
      }
      return (owner, code)
    }
    return nil
  }

  /// Waits for something to do, a ``wake()``, or the time; `false` when the handle is broken.
  func poll(milliseconds: CInt) -> Bool {
    curl_multi_poll(pointer, nil, 0, milliseconds, nil) == CURLM_OK
  }

  /// Whether ``poll(milliseconds:)`` would end at once.
  func isReady() -> Bool {
    var count: CInt = 0
    return curl_multi_poll(pointer, nil, 0, 0, &count) == CURLM_OK && count > 0
  }

  /// Ends the wait, or the next one. From any thread.
  func wake() {
    curl_multi_wakeup(pointer)
  }
}
