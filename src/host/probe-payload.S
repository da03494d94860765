# The smallest guest that shows whether an accelerator runs code at speed: enter long mode, compute,
# report by isa-debug-exit. probe-payload.ts holds its bytes; a unit test assembles this file and compares:
#
#   as --64 -o p.o probe-payload.S && ld -nostdlib -e start -Ttext=0x100000 --oformat binary -o p.bin p.o
#
# It is a Multiboot (version 1) image with the address fields in its header, so QEMU's -kernel takes it as a
# flat binary and enters `start` in 32-bit protected mode with flat segments and paging off.

        .set    LOAD,       0x100000            # where Multiboot images may start
        .set    TABLES,     0x110000            # three pages: PML4, PDPT, PD
        .set    SLOTS,      0x200000            # 64 KiB that the loop writes and reads back
        .set    ITERATIONS, 50000000
        .set    EXPECTED,   6301162584745976961 # the loop's result; the unit test derives it
        .set    PASSED,     0x20                # QEMU's exit status is (code << 1) | 1: 65, or 67 for a wrong result

        .text
        .code32
header: .long   0x1badb002                      # Multiboot magic
        .long   0x00010000                      # "the address fields below are valid"
        .long   -(0x1badb002 + 0x00010000)      # checksum: the three add up to zero
        .long   LOAD, LOAD                      # header and load address
        .long   LOAD + end - header             # end of what is loaded
        .long   TABLES + 0x3000                 # end of what must be free
        .long   LOAD + start - header           # entry

        .globl  start
start:  cld
        mov     $TABLES, %edi                   # page tables: zero, then identity-map the first 4 MiB
        xor     %eax, %eax
        mov     $0xc00, %ecx
        rep stosl
        movl    $TABLES + 0x1003, TABLES        # present, writable
        movl    $TABLES + 0x2003, TABLES + 0x1000
        movl    $0x000083, TABLES + 0x2000      # present, writable, 2 MiB page
        movl    $0x200083, TABLES + 0x2008
        mov     %cr4, %eax
        or      $0x20, %eax                     # CR4.PAE
        mov     %eax, %cr4
        mov     $TABLES, %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx               # EFER
        rdmsr
        or      $0x100, %eax                    # EFER.LME
        wrmsr
        mov     %cr0, %eax
        or      $0x80000000, %eax               # CR0.PG: long mode begins
        mov     %eax, %cr0
        lgdt    gdtr
        ljmp    $8, $LOAD + long_mode - header

        .code64
long_mode:
        mov     $SLOTS, %edi
        movabs  $6364136223846793005, %rbx      # Knuth's 64-bit linear congruential generator (MMIX)
        movabs  $1442695040888963407, %rdx
        mov     $1, %eax
        mov     $ITERATIONS, %ecx
again:  imul    %rbx, %rax
        add     %rdx, %rax
        mov     %ecx, %esi
        and     $0x1fff, %esi
        mov     %rax, (%rdi,%rsi,8)             # the value takes the way through memory
        mov     (%rdi,%rsi,8), %rax
        dec     %ecx
        jnz     again
        movabs  $EXPECTED, %rbx
        cmp     %rbx, %rax
        setne   %al
        or      $PASSED, %al
        out     %al, $0xf4                      # isa-debug-exit ends QEMU here
halt:   hlt
        jmp     halt

        .balign 8
gdt:    .quad   0
        .quad   0x00209a0000000000              # 64-bit code, present, ring 0
gdtr:   .word   15
        .long   LOAD + gdt - header
end:
