#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# verify.pl [SOCKET]: asks the verifier about the user and the code on standard input.
use strict;
use warnings;
use IO::Socket::UNIX;
use JSON::PP;
use Socket qw(SOL_SOCKET SO_RCVTIMEO);

my %statuses = (accepted => 0, refused => 1, limited => 4);

sub verify {
    my ($user, $code, $path) = @_;
    my $verifier = IO::Socket::UNIX->new(Peer => $path, Timeout => 10) or die "$path: $!\n";
    setsockopt $verifier, SOL_SOCKET, SO_RCVTIMEO, pack('l!l!', 10, 0) or die "$path: $!\n";
    print {$verifier} encode_json({method => 'org.totpgroup.Verify.Verify',
        parameters => {user => $user, code => $code}}) . "\0";
    $verifier->flush or die "$path: $!\n";
    my $reply = '';
    while ($reply !~ s/\0\z//) {
        sysread $verifier, $reply, 4096, length $reply or die "$path: incomplete reply\n";
        length $reply <= 8192 or die "$path: too long reply\n";
    }
    my $answer = decode_json($reply);
    my $result = $answer->{parameters}{result} // '';
    die "$path: no verdict: $reply\n" if exists $answer->{error} || !exists $statuses{$result};
    return $result;
}

chomp(my ($user, $code) = map { scalar <STDIN> // '' } 1 .. 2);
utf8::decode($user);
my $result = eval { verify($user, $code, $ARGV[0] // '/run/totpgroup/verify') };
if (!defined $result) {
    print {*STDERR} "verify: $@";
    exit 6;
}
print "$result\n";
exit $statuses{$result};
